import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { hostNodeFiles } from '../../src/host/node-files.js';

const rows: readonly (readonly [isWritable: boolean, mode: number, expected: number])[] = [
  [false, 0o400, 0o440],
  [false, 0o644, 0o644],
  [true, 0o400, 0o460],
  [true, 0o700, 0o770],
];
for (const [isWritable, mode, expected] of rows) {
  const title = `${mode.toString(8)} becomes ${expected.toString(8)}`;
  t.test(`giveToGroup: ${isWritable ? 'to write' : 'to read'}, ${title}`, async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'flotilla-files-'));
    t.teardown(() => rm(dir, { recursive: true }));
    await mkdir(join(dir, 'sub'));
    const file = join(dir, 'sub', 'file');
    await writeFile(file, 'x');
    await chmod(file, mode);
    const gid = process.getgid?.() ?? 0;
    await hostNodeFiles.giveToGroup(dir, gid, isWritable);
    const of = await stat(file);
    t.equal(of.mode & 0o7777, expected);
    t.equal(of.gid, gid);
    t.ok(((await stat(join(dir, 'sub'))).mode & 0o2050) === 0o2050, 'what is made in it is too');
  });
}
