// Has V8 compile every bundle of dist/bundle from end to end and keeps its code beside it (docs/decisions/0021-bundles.md): who loads
// both compiles nothing. The argument is the folder of the compiler's output: dist.
import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

const { cacheFile, digestOf, setFlags } = createRequire(import.meta.url)('../bin/bundle.cjs');
const folder = resolve(process.argv[2] ?? 'dist', 'bundle');

const names = readdirSync(folder)
  .filter((name) => name.endsWith('.cjs'))
  .map((name) => name.replace('.cjs', ''));
// The store's flags are the fewest: none is ever unset.
for (const name of names.sort((a, b) => Number(b === 'store') - Number(a === 'store'))) {
  const filename = join(folder, `${name}.cjs`);
  const source = readFileSync(filename, 'latin1');
  setFlags(name);
  // As a rule V8 compiles a function when it is first called. Nobody who loads the code has this flag: it does not stay.
  setFlagsFromString('--no-lazy');
  const script = new Script(source, { filename });
  setFlagsFromString('--lazy');
  writeWhole(cacheFile(filename), Buffer.from(digestOf(source)), script.createCachedData());
}

/** V8 checks that a cache is whole by its length alone: one that a crash of the machine has left half written must not have its name. */
function writeWhole(path, ...parts) {
  const partial = `${path}.partial`;
  const fd = openSync(partial, 'w');
  for (const bytes of parts) writeFileSync(fd, bytes);
  fsyncSync(fd);
  closeSync(fd);
  renameSync(partial, path);
}
