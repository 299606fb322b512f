import t from 'tap';
import type { Disk } from '../../src/base/disk.js';

const bytes = (...values: number[]) => Uint8Array.from(values);

async function contentOf(disk: Disk, path: string): Promise<Uint8Array> {
  const file = await disk.open(path, { create: false });
  const content = await file.read(0, await file.size());
  await file.close();
  return content;
}

async function fileOf(disk: Disk, path: string, content: Uint8Array): Promise<void> {
  const file = await disk.open(path, { create: true });
  file.write(0, [content]);
  await file.sync();
  await file.close();
}

/** What every disk does, whatever it is made of. `open` gives an empty one. */
export function testDiskContract(name: string, open: (t: Tap) => Disk): void {
  t.test(`${name}: a file gives back what was written, shorter only at its end`, async (t) => {
    const disk = open(t);
    const file = await disk.open('a', { create: true });
    t.equal(file.path, 'a');
    t.equal(await file.size(), 0);
    file.write(0, [bytes(1, 2, 3), bytes(), bytes(4)]);
    t.same(await file.read(1, 2), bytes(2, 3));
    t.same(await file.read(2, 100), bytes(3, 4));
    t.same(await file.read(4, 1), bytes());
    t.same(await file.read(99, 1), bytes());
    for (const [position, length] of [
      [1, 2],
      [2, 100],
      [99, 1],
    ] as const) {
      t.same(disk.readNow(file.path, position, length), await file.read(position, length));
    }
    t.throws(() => disk.readNow('nowhere', 0, 1), { code: 'not-found' });
    file.write(2, [bytes(9)]);
    file.write(6, [bytes(7)]);
    t.same(await file.read(0, 100), bytes(1, 2, 9, 4, 0, 0, 7), 'a hole is zeros');
    file.write(3, []);
    t.equal(await file.size(), 7);
    const read = await file.read(0, 7);
    read.fill(0);
    t.same(await file.read(0, 2), bytes(1, 2), 'what was read is the reader’s own');
    await file.sync();
    await file.close();
  });

  t.test(`${name}: a sync says how long it took, whether it is waited for or not`, async (t) => {
    const file = await open(t).open('a', { create: true });
    file.write(0, [bytes(1)]);
    t.ok((await file.sync()) >= 0);
    file.write(1, [bytes(2)]);
    t.ok(file.syncBlocking() >= 0);
    t.same(await file.read(0, 2), bytes(1, 2));
    await file.close();
    t.throws(() => file.syncBlocking(), { code: 'closed' });
    await t.rejects(file.sync(), { code: 'closed' });
  });

  t.test(`${name}: a file takes many chunks in one write, and large ones`, async (t) => {
    const file = await open(t).open('a', { create: true });
    const chunks = Array.from({ length: 3000 }, (_, i) => new Uint8Array(i % 7).fill(i));
    chunks.push(new Uint8Array(3_000_000).fill(5));
    file.write(10, chunks);
    const expected = Buffer.concat([new Uint8Array(10), ...chunks]);
    t.ok(expected.equals(await file.read(0, expected.length + 1)));
    await file.close();
  });

  t.test(`${name}: allocate extends with zeros and keeps what is there`, async (t) => {
    const file = await open(t).open('a', { create: true });
    file.write(0, [bytes(1, 2)]);
    await file.allocate(2_500_000);
    t.equal(await file.size(), 2_500_000);
    t.same(await file.read(0, 4), bytes(1, 2, 0, 0));
    t.ok((await file.read(4, 2_500_000)).every((byte) => byte === 0));
    await file.allocate(5);
    t.equal(await file.size(), 2_500_000, 'it never shrinks');
    await file.close();
  });

  t.test(`${name}: truncate cuts, and what is regained is zeros`, async (t) => {
    const file = await open(t).open('a', { create: true });
    file.write(0, [bytes(1, 2, 3, 4)]);
    await file.truncate(2);
    t.same(await file.read(0, 9), bytes(1, 2));
    file.write(5, [bytes(6)]);
    t.same(await file.read(0, 9), bytes(1, 2, 0, 0, 0, 6));
    await file.close();
  });

  t.test(`${name}: open creates only what is absent and opens only what is there`, async (t) => {
    const disk = open(t);
    await t.rejects(disk.open('a', { create: false }), { name: 'DiskError', code: 'not-found' });
    await fileOf(disk, 'a', bytes(1));
    await t.rejects(disk.open('a', { create: true }), { name: 'DiskError', code: 'exists' });
    await t.rejects(disk.open('no/a', { create: true }), { code: 'not-found' });
    t.same(await contentOf(disk, 'a'), bytes(1));
  });

  t.test(`${name}: a closed file refuses everything and may be closed again`, async (t) => {
    const file = await open(t).open('a', { create: true });
    await file.close();
    await file.close();
    t.throws(() => file.write(0, [bytes(1)]), { name: 'DiskError', code: 'closed' });
    await t.rejects(file.read(0, 1), { code: 'closed' });
    await t.rejects(file.sync(), { code: 'closed' });
    await t.rejects(file.size(), { code: 'closed' });
    await t.rejects(file.allocate(1), { code: 'closed' });
    await t.rejects(file.truncate(1), { code: 'closed' });
  });

  t.test(
    `${name}: folders are made with their parents, listed in order and removed whole`,
    async (t) => {
      const disk = open(t);
      t.same(await disk.list('a'), []);
      await disk.makeDir('a/b');
      await disk.makeDir('a/b');
      await fileOf(disk, 'a/b/z', bytes(1));
      await fileOf(disk, 'a/b/c', bytes(2));
      await disk.makeDir('a/b/d');
      t.same(await disk.list('a/b'), ['c', 'd', 'z']);
      t.same(await disk.list('.'), ['a']);
      t.equal(await disk.exists('a/b'), true);
      t.equal(await disk.exists('a/x'), false);
      await disk.remove('a/b/z');
      await disk.remove('a/b/z');
      t.equal(await disk.exists('a/b/z'), false);
      await disk.syncDir('a/b');
      await disk.remove('a');
      t.same(await disk.list('.'), []);
      await t.rejects(disk.syncDir('a'), { name: 'DiskError', code: 'not-found' });
    },
  );

  t.test(`${name}: rename replaces, also while both files are open`, async (t) => {
    const disk = open(t);
    await disk.makeDir('d');
    await fileOf(disk, 'd/old', bytes(1));
    const replaced = await disk.open('d/old', { create: false });
    const file = await disk.open('new', { create: true });
    file.write(0, [bytes(2)]);
    await disk.rename('new', 'd/old');
    t.same(await contentOf(disk, 'd/old'), bytes(2));
    t.same(await replaced.read(0, 9), bytes(1));
    file.write(1, [bytes(3)]);
    t.same(await contentOf(disk, 'd/old'), bytes(2, 3), 'the handle follows the file');
    await disk.remove('d/old');
    t.same(await file.read(0, 9), bytes(2, 3), 'and outlives its name');
    await file.close();
    await replaced.close();
    await t.rejects(disk.rename('new', 'x'), { name: 'DiskError', code: 'not-found' });
  });

  t.test(`${name}: operations in flight end before the file closes`, async (t) => {
    const file = await open(t).open('a', { create: true });
    file.write(0, [new Uint8Array(100_000)]);
    const results = [file.sync(), file.read(0, 100_000), file.size()] as const;
    await file.close();
    await results[0];
    t.equal((await results[1]).length, 100_000);
    t.equal(await results[2], 100_000);
  });
}

type Tap = { testdir(): string };
