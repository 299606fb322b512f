// Enforces which folder may import which (docs/ARCHITECTURE.md), that there are no cycles between files, and that nothing but
// the host reads a clock or draws randomness. Exits 1 with one line per violation.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

/** Folder under src/ (longest prefix wins) -> folders it may import besides itself. */
const allowed = {
  base: [],
  wire: ['base'],
  host: ['base'],
  rpc: ['base', 'host', 'wire'],
  'raft/core': ['base'],
  raft: ['base', 'host', 'wire', 'raft/core'],
  store: ['base', 'host', 'wire', 'rpc', 'raft', 'raft/core'],
  client: ['base', 'host', 'wire', 'rpc'],
  'control/machinery': ['base'],
  'control/api': ['base', 'wire', 'control/machinery'],
  'control/client': ['base', 'host', 'wire', 'rpc', 'control/machinery', 'control/api'],
  'control/controllers': [
    'base',
    'host',
    'control/machinery',
    'control/api',
    'control/cel',
    'control/client',
  ],
  'control/election': ['base', 'client', 'control/machinery', 'control/api', 'control/client'],
  'control/cel': ['control/machinery', 'control/api'],
  'control/scheduler': [
    'base',
    'control/machinery',
    'control/api',
    'control/client',
    'control/cel',
  ],
  'control/delegation': ['base', 'rpc', 'control/machinery', 'control/api', 'control/client'],
  'control/kubelet': [
    'base',
    'host',
    'wire',
    'rpc',
    'control/machinery',
    'control/api',
    'control/client',
    'control/delegation',
  ],
  'control/metrics-api': [
    'base',
    'rpc',
    'control/machinery',
    'control/api',
    'control/client',
    'control/delegation',
  ],
  'control/dataplane': ['base', 'host'],
  'control/proxy': [
    'base',
    'host',
    'control/dataplane',
    'control/machinery',
    'control/api',
    'control/client',
  ],
  'control/network': [
    'base',
    'host',
    'control/dataplane',
    'control/machinery',
    'control/api',
    'control/client',
  ],
  'control/dns': ['base', 'host', 'control/machinery', 'control/api', 'control/client'],
  'control/dashboard/browser': ['control/dashboard/model', 'control/machinery'],
  'control/dashboard/model': ['control/machinery'],
  'control/dashboard': [
    'base',
    'host',
    'rpc',
    'client',
    'control/dashboard/model',
    'control/machinery',
  ],
  'control/apiserver': [
    'base',
    'host',
    'wire',
    'rpc',
    'client',
    'control/machinery',
    'control/api',
    'control/cel',
  ],
  cmd: [
    'base',
    'host',
    'wire',
    'rpc',
    'raft',
    'raft/core',
    'store',
    'client',
    'control/machinery',
    'control/api',
    'control/client',
    'control/controllers',
    'control/delegation',
    'control/election',
    'control/scheduler',
    'control/kubelet',
    'control/metrics-api',
    'control/proxy',
    'control/network',
    'control/dns',
    'control/dashboard',
    'control/apiserver',
  ],
};

/** Node's own modules and packages that reach the outside; only these folders may name them. */
const outside = {
  'node:fs': ['host', 'cmd'],
  'node:fs/promises': ['host', 'cmd'],
  'node:net': ['host', 'rpc'],
  'node:tls': ['host', 'rpc'],
  'node:http': ['host', 'rpc'],
  'node:http2': ['rpc'],
  'node:dgram': ['host'],
  'node:dns': ['host'],
  'node:child_process': ['host', 'cmd'],
  'node:timers': ['host'],
  'node:timers/promises': ['host'],
  'node:worker_threads': ['host'],
  level: ['host'],
  'classic-level': ['host'],
  'abstract-level': ['host'],
  '@grpc/grpc-js': ['rpc'],
};

const folders = Object.keys(allowed).sort((a, b) => b.length - a.length);
const folderOf = (file) => folders.find((folder) => file.startsWith(`src/${folder}/`));

function listFiles(dir) {
  return readdirSync(join(root, dir), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

/** The source of a compiled module. */
function sourceOf(module) {
  const source = module.replace(/\.js$/, '.ts');
  return existsSync(join(root, `${source}x`)) ? `${source}x` : source;
}

function importsOf(file) {
  const source = readFileSync(join(root, file), 'utf8');
  const pattern =
    /^\s*(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/gm;
  return [...source.matchAll(pattern)].map((match) => ({
    typeOnly: match[1] !== undefined,
    specifier: match[2] ?? match[3],
  }));
}

const problems = [];
const graph = new Map();
for (const file of listFiles('src')) {
  const from = folderOf(file);
  if (from === undefined) {
    problems.push(`${file}: belongs to no folder of the import table`);
    continue;
  }
  const targets = [];
  for (const { specifier, typeOnly } of importsOf(file)) {
    if (!specifier.startsWith('.')) {
      const homes = outside[specifier];
      if (homes && !typeOnly && !homes.includes(from))
        problems.push(`${file}: src/${from} may not import '${specifier}'`);
      if (from === 'raft/core')
        problems.push(
          `${file}: the consensus core imports nothing but src/base, not '${specifier}'`,
        );
      continue;
    }
    const target = sourceOf(relative(root, resolve(root, dirname(file), specifier)));
    const to = folderOf(target);
    if (to === undefined) problems.push(`${file}: imports ${specifier}, outside src/`);
    else if (to !== from && !allowed[from].includes(to))
      problems.push(`${file}: src/${from} may not import src/${to} (${specifier})`);
    if (!typeOnly) targets.push(target);
  }
  graph.set(file, targets);
}

// Time and chance come from the host alone; the programs and the browser's page may look at the clock, everything else is given one.
const ambient =
  /\b(Date\.now|new Date\(|Math\.random|performance\.now|setTimeout\(|setInterval\(|setImmediate\()/;
for (const file of graph.keys()) {
  if (['host', 'cmd', 'control/dashboard/browser'].includes(folderOf(file))) continue;
  readFileSync(join(root, file), 'utf8')
    .split('\n')
    .forEach((line, at) => {
      const found = /^\s*(\*|\/)/.test(line) ? null : ambient.exec(line);
      if (found) problems.push(`${file}:${at + 1}: ${found[1]}: ask the Clock or the Prng`);
    });
}

const state = new Map();
function visit(file, trail) {
  if (state.get(file) === 'done') return;
  if (state.get(file) === 'open') {
    problems.push(`import cycle: ${[...trail.slice(trail.indexOf(file)), file].join(' -> ')}`);
    return;
  }
  state.set(file, 'open');
  for (const target of graph.get(file) ?? []) visit(target, [...trail, file]);
  state.set(file, 'done');
}
for (const file of graph.keys()) visit(file, []);

for (const problem of problems) console.error(problem);
console.log(`${graph.size} files, ${problems.length} import violations`);
process.exit(problems.length === 0 ? 0 : 1);
