import t from 'tap';
import { clusterId, memberId } from '../../../src/base/ids.js';
import { openHostDisk } from '../../../src/host/disk.js';
import { readIdentity, writeIdentity } from '../../../src/store/member/identity-file.js';

t.test(
  'readIdentity returns what writeIdentity wrote, and undefined in a fresh folder',
  async (t) => {
    const disk = openHostDisk(t.testdir());
    t.equal(await readIdentity(disk), undefined);
    const identity = {
      clusterId: clusterId(2n ** 64n - 1n),
      memberId: memberId(7n),
      origin: 'new',
    } as const;
    await writeIdentity(disk, identity);
    t.same(await readIdentity(disk), identity);
  },
);

t.test('readIdentity refuses what it did not write', async (t) => {
  for (const [text, message] of [
    ['', /damaged/],
    ['{"format":1', /damaged/],
    ['{"format":2,"cluster":"1","member":"1","origin":"new"}', /format 2/],
    ['{"format":1,"cluster":"x","member":"1","origin":"new"}', /x is not an id/],
    ['{"format":1,"cluster":"1","member":"1","origin":"old"}', /origin old/],
  ] as const) {
    const disk = openHostDisk(t.testdir({ 'member.json': text }));
    await t.rejects(readIdentity(disk), { name: 'DataDirError', message }, text);
  }
});
