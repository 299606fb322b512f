// Has V8 compile every bundle of dist/bundle from end to end and keeps its code beside it (docs/decisions/0021-bundles.md): who loads
// both compiles nothing. The argument is the folder of the compiler's output: dist.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

const { cacheFile, digestOf } = createRequire(import.meta.url)('../bin/bundle.cjs');
const folder = resolve(process.argv[2] ?? 'dist', 'bundle');

// As a rule functions are compiled when they are first called. What is kept fits processes of the same flags alone: this one does not stay.
setFlagsFromString('--no-lazy');
const compiled = readdirSync(folder)
  .filter((name) => name.endsWith('.cjs'))
  .map((name) => {
    const filename = join(folder, name);
    const source = readFileSync(filename, 'latin1');
    return { filename, source, script: new Script(source, { filename }) };
  });
setFlagsFromString('--lazy');
for (const { filename, source, script } of compiled) {
  const code = script.createCachedData();
  writeFileSync(cacheFile(filename), Buffer.concat([Buffer.from(digestOf(source)), code]));
}
