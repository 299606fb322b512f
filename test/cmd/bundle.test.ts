import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { programs } from '../../src/cmd/programs.js';
import * as library from '../../src/control/scheduler/index.js';
import { projectDir, skipBecause } from '../e2e/project.js';

interface Bundles {
  loadBundle(name: string, dist?: string): Record<string, unknown> | null;
}

const require = createRequire(import.meta.url);
const { loadBundle } = require(join(projectDir, 'bin/bundle.cjs')) as Bundles;
const run = promisify(execFile);
let bundleCount = 0;

/** A folder as the build leaves it, with one bundle of which the function's body is given. */
async function built(t: Test, body: string) {
  const dist = await mkdtemp(join(tmpdir(), 'bundle-'));
  t.teardown(() => rm(dist, { recursive: true }));
  const name = `program-${bundleCount++}`;
  const file = join(dist, 'bundle', `${name}.cjs`);
  await mkdir(join(dist, 'bundle'));
  await writeBundle(file, body);
  return { dist, name, file, cache: file.replace(/cjs$/, 'cache') };
}

async function writeBundle(file: string, body: string): Promise<void> {
  const text = `(function (exports, require, module, __filename, importModule) { exports.filename = __filename; ${body} })\n`;
  await writeFile(file, `${text}//${createHash('sha256').update(text).digest('hex')}`);
}

/** Compiles it in a process of its own, as the build does. */
async function compile(dist: string): Promise<void> {
  await run(process.execPath, [join(projectDir, 'scripts/code-cache.mjs'), dist]);
}

/** Whether V8 takes the cache of a bundle, null without one; and what the bundle exports. */
async function loadElsewhere(
  { dist, name }: { readonly dist: string; readonly name: string },
  flags: readonly string[] = [],
) {
  return evaluateElsewhere(
    `const loaded = loadBundle(${JSON.stringify(name)}, ${JSON.stringify(dist)});
     return { isTaken: taken.get(loaded.filename), answer: loaded.answer };`,
    flags,
  );
}

/** The value of a function of that body in a process of its own, which is told which caches V8 has taken, by file. */
async function evaluateElsewhere(body: string, flags: readonly string[]): Promise<unknown> {
  const script = `
    const vm = require('node:vm');
    const { Script } = vm;
    const taken = new Map();
    vm.Script = class extends Script {
      constructor(text, options) {
        super(text, options);
        const { filename, cachedData } = options;
        taken.set(filename, cachedData === undefined ? null : !this.cachedDataRejected);
      }
    };
    const { loadBundle } = require(${JSON.stringify(join(projectDir, 'bin/bundle.cjs'))});
    (async () => { ${body} })().then((value) => {
      console.log(JSON.stringify(value));
      process.exit();
    });
  `;
  const env = { ...process.env, NODE_OPTIONS: '' };
  const { stdout } = await run(process.execPath, [...flags, '-e', script], { env });
  return JSON.parse(stdout);
}

t.test('loadBundle: what was never built is not there', async (t) => {
  const { dist } = await built(t, '');
  t.equal(loadBundle('another', dist), null);
});

t.test('loadBundle: a bundle runs once, with what a module has', async (t) => {
  const { dist, name, file } = await built(
    t,
    `exports.join = require('node:path').join;
     exports.load = (specifier) => importModule(specifier);`,
  );
  const loaded = loadBundle(name, dist);
  t.equal(loaded?.filename, file);
  t.equal(loaded?.join, join);
  t.equal(loadBundle(name, dist), loaded);
  await writeFile(join(dist, 'bundle/other.mjs'), 'export const here = 1;');
  const load = loaded?.load as (specifier: string) => Promise<{ here: number }>;
  t.equal((await load('./other.mjs')).here, 1, 'modules are imported from where it lies');
});

t.test('loadBundle: a part is loaded when it is required', async (t) => {
  const { dist, name } = await built(
    t,
    "exports.load = () => require('part:library'); exports.answer = 0;",
  );
  const load = loadBundle(name, dist)?.load as () => unknown;
  await writeBundle(join(dist, 'bundle/library.cjs'), 'exports.answer = 42;');
  t.match(load(), { answer: 42 });
});

t.test('loadBundle: a bundle that is older than what the compiler wrote is left', async (t) => {
  const { dist, name, file } = await built(t, 'exports.answer = 1;');
  const compiled = join(dist, '.tsbuildinfo');
  await writeFile(compiled, '');
  await utimes(file, 1000, 1000);
  await utimes(compiled, 1001, 1001);
  t.equal(loadBundle(name, dist), null);
  await utimes(file, 1002, 1002);
  t.equal(loadBundle(name, dist)?.answer, 1);
});

t.test('loadBundle: V8 takes the cache that the build made', async (t) => {
  const bundle = await built(t, 'exports.answer = (() => 6 * 7)();');
  t.same(await loadElsewhere(bundle), { isTaken: null, answer: 42 }, 'without');
  await compile(bundle.dist);
  t.same(await loadElsewhere(bundle), { isTaken: true, answer: 42 });
  t.same(
    await loadElsewhere(bundle, ['--max-semi-space-size=32']),
    { isTaken: true, answer: 42 },
    'under the flag of bin/flotilla',
  );
});

t.test('loadBundle: a cache that does not fit costs time, nothing else', async (t) => {
  const bundle = await built(t, 'exports.answer = (() => 6 * 7)();');
  const { dist, file, cache } = bundle;
  await compile(dist);
  const made = await readFile(cache);
  const answer = 42;
  t.same(
    await loadElsewhere(bundle, ['--stack-size=900']),
    { isTaken: false, answer },
    'other flags',
  );
  const cases: readonly (readonly [string, Buffer, boolean | null])[] = [
    ['empty', Buffer.alloc(0), null],
    ['the digest alone', made.subarray(0, 64), false],
    ['cut', made.subarray(0, made.length - 9), false],
    [
      'of another V8',
      Buffer.concat([made.subarray(0, 68), Buffer.alloc(4), made.subarray(72)]),
      false,
    ],
  ];
  for (const [name, bytes, isTaken] of cases) {
    await writeFile(cache, bytes);
    t.same(await loadElsewhere(bundle), { isTaken, answer }, name);
  }
  await writeFile(cache, made);
  await writeBundle(file, 'exports.answer = (() => 7 * 7)();');
  t.same(await loadElsewhere(bundle), { isTaken: null, answer: 49 }, 'of a text as long');
});

const names = [...programs.keys()];
const changedMs = (file: string) =>
  statSync(join(projectDir, 'dist', file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
const builtOptions = skipBecause(
  names.some((name) => changedMs(`bundle/${name}.cjs`) <= changedMs('.tsbuildinfo')) &&
    'npm run build:bundles has not run since the compiler',
);

t.test('every program has a bundle of which V8 takes the cache', builtOptions, async (t) => {
  const takenOf = (group: readonly string[]) =>
    evaluateElsewhere(
      `for (const name of ${JSON.stringify(group)}) loadBundle(name);
       return [...taken].filter(([, isTaken]) => isTaken).map(([file]) => path.parse(file).name);`,
      ['--max-semi-space-size=32'],
    ) as Promise<string[]>;
  // The store has flags of its own.
  const others = names.filter((name) => name !== 'store');
  const taken = [...(await takenOf(['store'])), ...(await takenOf(others))];
  t.same(new Set(taken), new Set([...names, 'x509']), 'and the part that some begin with');
});

t.test('flotilla/scheduler is the scheduler that runs', builtOptions, async (t) => {
  const facade = JSON.stringify(join(projectDir, 'bin/scheduler.mjs'));
  const isSame = await evaluateElsewhere(
    `const program = loadBundle('scheduler');
     return (await import(${facade})).CycleState === program.CycleState;`,
    [],
  );
  t.equal(isSame, true);
});

t.test('flotilla/scheduler has all that the module has', async (t) => {
  const facade: object = await import(join(projectDir, 'bin/scheduler.mjs'));
  t.same(new Set(Object.keys(facade)), new Set(Object.keys(library)));
  t.equal(
    (facade as typeof library).CycleState,
    library.CycleState,
    'the same where no bundle runs',
  );
});
