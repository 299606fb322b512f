import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { lockDataDir } from '../../src/host/disk-lock.js';

t.test('lockDataDir refuses a directory that is held, by whatever path', async (t) => {
  const root = t.testdir({ data: {}, other: {} });
  const dir = join(root, 'data');
  fs.symlinkSync(dir, join(root, 'link'));
  const lock = await lockDataDir(dir);
  for (const path of [dir, join(root, 'link')]) {
    await t.rejects(lockDataDir(path), {
      code: 'data-dir-locked',
      message: `data directory '${path}' is in use by process ${process.pid}: `,
    });
  }
  const other = await lockDataDir(join(root, 'other'));
  await other.release();
  await lock.release();
  const again = await lockDataDir(dir);
  await again.release();
});

t.test('lockDataDir needs the directory to exist', async (t) => {
  await t.rejects(lockDataDir(join(t.testdir(), 'absent')), { code: 'not-found' });
});

function holdInChild(dir: string): ChildProcess {
  const module = new URL('../../src/host/disk-lock.js', import.meta.url).href;
  const script = `
    const { lockDataDir } = await import(${JSON.stringify(module)});
    await lockDataDir(${JSON.stringify(dir)}).then(() => console.log('held'), (e) => console.log(e.code));
    setInterval(() => {}, 1000);`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

t.test('lockDataDir is free at once when its holder was killed with kill -9', async (t) => {
  const dir = t.testdir();
  const child = holdInChild(dir);
  t.teardown(() => child.kill('SIGKILL'));
  const [said] = await once(child.stdout!, 'data');
  t.match(String(said), /^held/);
  await t.rejects(lockDataDir(dir), { message: `is in use by process ${child.pid}` });
  child.kill('SIGKILL');
  await once(child, 'exit');
  const lock = await lockDataDir(dir);
  await lock.release();
});
