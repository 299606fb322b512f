// Makes one file of each program with all that it needs, dist/bundle/NAME.cjs, from what the compiler wrote; bin/bundle.cjs loads
// them (docs/decisions/0021-bundles.md). The argument is the folder of the compiler's output: dist.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '..');
const dist = resolve(process.argv[2] ?? join(root, 'dist'));
const outdir = join(dist, 'bundle');

/** Large libraries that many programs have, but rarely use, are bundles of their own, loaded at their first use. */
const parts = {
  'grpc-js': { packages: ['@grpc/grpc-js'] },
  x509: { packages: ['reflect-metadata', '@peculiar/x509'] },
};

/** Shows other modules to a browser as they lie about it, and stays a module itself, which is loaded when somebody wants to see the page. */
const leftOut = /\/page-files\.js$/;

/** Modules of ours that ask where they lie learn where they lay. */
const ownModules = {
  name: 'own-modules',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: leftOut }, ({ path, resolveDir }) => ({
      path: `./${relative(outdir, resolve(resolveDir, path))}`,
      external: true,
    }));
    onLoad({ filter: /\/dist\/src\/.*\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      if (!text.includes('import.meta')) return null;
      const url = `new URL(${JSON.stringify(relative(outdir, path))}, bundleUrl).href`;
      const contents = text.replaceAll('import.meta.url', url);
      if (!contents.includes('import.meta')) return { contents };
      return { errors: [{ text: 'import.meta.url is all that a bundle knows of import.meta' }] };
    });
  },
};

const wholeParts = {
  name: 'parts',
  setup({ onLoad, onResolve }) {
    for (const [name, { packages }] of Object.entries(parts)) {
      onResolve({ filter: new RegExp(`^(${packages.join('|')})$`) }, () => ({
        path: `part:${name}`,
        namespace: 'part',
      }));
    }
    onResolve({ filter: /^part:/, namespace: 'part' }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /^/, namespace: 'part' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)})`,
    }));
  },
};

const partEntries = {
  name: 'part-entries',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^part:/ }, ({ path }) => ({ path, namespace: 'part-entry' }));
    onLoad({ filter: /^/, namespace: 'part-entry' }, ({ path }) => ({
      contents: parts[path.slice('part:'.length)].packages
        .map((name) => `export * from ${JSON.stringify(name)};`)
        .join('\n'),
      resolveDir: root,
    }));
  },
};

/** The database's compiled part lies in its package. */
const nativeCode = {
  name: 'native-code',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/binding$/ }, ({ importer }) =>
      /\/classic-level\/[^/]*$/.test(importer)
        ? { path: 'classic-level/binding.js', external: true }
        : null,
    );
  },
};

async function write(entryPoints, plugins) {
  const { outputFiles } = await build({
    entryPoints,
    plugins,
    outdir,
    outExtension: { '.js': '.cjs' },
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    // V8 keeps text of one byte a character in half the memory.
    charset: 'ascii',
    legalComments: 'none',
    sourcemap: 'external',
    sourcesContent: false,
    // A function, as Node makes one of every CommonJS module.
    banner: {
      js: "(function (exports, require, module, __filename, importModule) { const bundleUrl = require('node:url').pathToFileURL(__filename).href;",
    },
    footer: { js: '})' },
    logLevel: 'warning',
  });
  for (const { path, text } of outputFiles) {
    // Programs may be started meanwhile: each file is the old one or the new one.
    writeFileSync(`${path}.partial`, path.endsWith('.cjs') ? finished(text) : text);
    renameSync(`${path}.partial`, path);
  }
  return outputFiles.map(({ path }) => basename(path));
}

function finished(text) {
  // Node imports modules for modules and files of its own alone.
  const bundle = text.replaceAll('await import(', 'await importModule(');
  // The last line names what it holds: the cache of its code says of which it is.
  return `${bundle}//${createHash('sha256').update(bundle).digest('hex')}`;
}

const { programs } = await import(pathToFileURL(join(dist, 'src/cmd/programs.js')).href);
mkdirSync(outdir, { recursive: true });
const modules = [...programs.keys()].map((name) => [name, join(dist, `src/cmd/${name}.js`)]);
const entries = Object.keys(parts).map((name) => [name, `part:${name}`]);
const written = new Set([
  ...(await write(Object.fromEntries(modules), [ownModules, wholeParts, nativeCode])),
  ...(await write(Object.fromEntries(entries), [partEntries])),
]);
for (const name of readdirSync(outdir)) {
  if (!written.has(name.replace(/\.cache$/, '.cjs'))) rmSync(join(outdir, name));
}
