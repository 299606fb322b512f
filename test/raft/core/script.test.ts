import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { setVerify } from '../../../src/base/assert.js';
import { runScript } from './script.js';

setVerify(true);

/** The sources' folder of scripts: compiled tests run from elsewhere. */
function scriptsFolder(): string {
  let root = import.meta.dirname;
  while (!existsSync(join(root, 'test/raft/core/scripts')) || !existsSync(join(root, 'src'))) {
    const parent = dirname(root);
    if (parent === root) throw new Error('the package root is not above this file');
    root = parent;
  }
  return join(root, 'test/raft/core/scripts');
}

const folder = process.env.RAFT_SCRIPTS ?? scriptsFolder();
const names = readdirSync(folder).filter((name) => name.endsWith('.txt'));

t.ok(names.length > 0, 'there are scripts');
for (const name of names) {
  t.test(`script ${name} goes as written`, (t) => {
    const path = join(folder, name);
    const text = readFileSync(path, 'utf8');
    const result = runScript(text);
    if (process.env.UPDATE === '1') writeFileSync(path, result);
    else t.equal(result, text);
    t.end();
  });
}
