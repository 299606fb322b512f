// Prints its standard input with the places in bundles, such as a log's stack traces have, replaced by those in the sources:
// node scripts/trace.mjs < flotilla-data/m1.log
import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, relative, resolve } from 'node:path';

const maps = new Map();

function mapOf(bundle) {
  let map = maps.get(bundle);
  if (map === undefined) {
    map = new SourceMap(JSON.parse(readFileSync(`${bundle}.map`, 'utf8')));
    maps.set(bundle, map);
  }
  return map;
}

const text = readFileSync(0, 'utf8');
process.stdout.write(
  text.replace(
    /(\/[^\s()"]*\/bundle\/[a-z0-9-]+\.cjs):(\d+):(\d+)/g,
    (place, bundle, line, column) => {
      const found = mapOf(bundle).findEntry(Number(line) - 1, Number(column) - 1);
      if (found.originalSource === undefined) return place;
      const source = resolve(dirname(bundle), found.originalSource);
      return `${relative('', source)}:${found.originalLine + 1}:${found.originalColumn + 1}`;
    },
  ),
);
