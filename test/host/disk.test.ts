import * as fs from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { DiskError } from '../../src/base/disk.js';
import { openHostDisk } from '../../src/host/disk.js';
import { toDiskError } from '../../src/host/disk-error.js';
import { testDiskContract } from './disk-contract.js';

testDiskContract("the machine's disk", (t) => openHostDisk(t.testdir()));

t.test('openHostDisk makes its root on first use, for its owner alone', async (t) => {
  const root = join(t.testdir(), 'data', 'member');
  const disk = openHostDisk(root);
  t.same(await disk.list('.'), []);
  await disk.makeDir('wal');
  const file = await disk.open('wal/a', { create: true });
  await file.close();
  t.equal(fs.statSync(root).mode & 0o777, 0o700);
  t.equal(fs.statSync(join(root, 'wal', 'a')).mode & 0o777, 0o600);
});

t.test('openHostDisk refuses paths that leave the disk', async (t) => {
  const disk = openHostDisk(t.testdir());
  for (const path of ['/etc/passwd', '../a', 'a/../../b']) {
    await t.rejects(disk.exists(path), { name: 'AssertionError' }, path);
  }
});

t.test('toDiskError names what failed and keeps the cause', async (t) => {
  const table = [
    ['ENOSPC', 'no-space'],
    ['EDQUOT', 'no-space'],
    ['EACCES', 'permission'],
    ['EROFS', 'permission'],
    ['ENOENT', 'not-found'],
    ['EEXIST', 'exists'],
    ['EIO', 'io'],
    ['ESOMETHING', 'io'],
  ] as const;
  for (const [code, expected] of table) {
    const cause = Object.assign(new Error(`${code}: it failed`), { code });
    const error = toDiskError('sync', 'wal/a', cause);
    t.match(error, { code: expected, message: `cannot sync 'wal/a': ${code}: it failed`, cause });
  }
  const already = new DiskError('closed', 'it is closed');
  t.equal(toDiskError('read', 'a', already), already);
});

t.test('HostDiskFile.write reports a full disk as no-space', async (t) => {
  if (!fs.existsSync('/dev/full')) return;
  const root = t.testdir();
  fs.symlinkSync('/dev/full', join(root, 'full'));
  const file = await openHostDisk(root).open('full', { create: false });
  t.throws(() => file.write(0, [Uint8Array.of(1)]), { name: 'DiskError', code: 'no-space' });
  await t.rejects(file.allocate(10), { name: 'DiskError', code: 'no-space' });
  await file.close();
});
