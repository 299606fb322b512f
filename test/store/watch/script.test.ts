import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { setVerify } from '../../../src/base/assert.js';
import { runScript } from './script.js';

setVerify(true);

/** The sources' folder of scripts: compiled tests run from elsewhere. */
function scriptsFolder(): string {
  const inSources = 'test/store/watch/scripts';
  let root = import.meta.dirname;
  while (!existsSync(join(root, inSources)) || !existsSync(join(root, 'src'))) {
    const parent = dirname(root);
    if (parent === root) throw new Error('the package root is not above this file');
    root = parent;
  }
  return join(root, inSources);
}

const folder = process.env.WATCH_SCRIPTS ?? scriptsFolder();
const names = readdirSync(folder).filter((name) => name.endsWith('.txt'));

t.ok(names.length > 0, 'there are scripts');
for (const name of names) {
  t.test(`script ${name} goes as written`, async (t) => {
    const path = join(folder, name);
    const text = readFileSync(path, 'utf8');
    const result = await runScript(text);
    if (process.env.UPDATE === '1') writeFileSync(path, result);
    else t.equal(result, text);
  });
}
