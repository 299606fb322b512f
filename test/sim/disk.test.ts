import t from 'tap';
import type { Disk } from '../../src/base/disk.js';
import { Prng } from '../../src/base/prng.js';
import { testDiskContract } from '../host/disk-contract.js';
import { SimDisk, type SimDiskKnobs } from './disk.js';
import { instantClock } from './instant-clock.js';

const simDisk = (knobs: Partial<SimDiskKnobs> = {}, seed = 1) =>
  new SimDisk(new Prng(seed), instantClock, { syncLatencyMs: [1, 1], ...knobs });

testDiskContract('the simulated disk', () => simDisk());

async function make(disk: Disk, path: string, content: Uint8Array, sync = true): Promise<void> {
  const file = await disk.open(path, { create: true });
  file.write(0, [content]);
  if (sync) await file.sync();
  await disk.syncDir('.');
}

const ones = new Uint8Array(8 * 512).fill(1);

/** What is found after a power loss, over many seeds. */
async function outcomes(
  run: (disk: SimDisk) => Promise<void>,
  knobs = {},
): Promise<Map<string, number>> {
  const seen = new Map<string, number>();
  for (let seed = 1; seed <= 300; seed++) {
    const disk = simDisk(knobs, seed);
    await run(disk);
    disk.crash('power');
    const found = disk
      .paths()
      .map((path) => `${path}=${shapeOf(disk.contentOf(path))}`)
      .join(' ');
    seen.set(found, (seen.get(found) ?? 0) + 1);
  }
  return seen;
}

/** One character a sector: its first byte, or `t` when it is mixed. */
function shapeOf(content: Uint8Array): string {
  let shape = '';
  for (let at = 0; at < content.length; at += 512) {
    const sector = content.subarray(at, at + 512);
    shape += sector.every((byte) => byte === sector[0]) ? sector[0] : 't';
  }
  return shape;
}

t.test('SimDisk.crash keeps what was synced', async (t) => {
  const seen = await outcomes((disk) => make(disk, 'a', ones));
  t.same([...seen.keys()], ['a=11111111']);
});

t.test('SimDisk.crash keeps any sectors of what was not synced', async (t) => {
  const seen = await outcomes(async (disk) => {
    await make(disk, 'a', ones);
    const file = await disk.open('a', { create: false });
    file.write(0, [ones.map(() => 2)]);
  });
  t.ok(seen.size > 60, `${seen.size} different outcomes`);
  t.ok((seen.get('a=11111111') ?? 0) > 20, 'none of them');
  t.ok((seen.get('a=22222222') ?? 0) > 20, 'all of them');
  t.ok(
    [...seen.keys()].some((key) => /12.*1/.test(key)),
    'some in the middle',
  );
  t.notOk(
    [...seen.keys()].some((key) => key.includes('t')),
    'whole',
  );
});

t.test('SimDisk.crash tears sectors when told to', async (t) => {
  const seen = await outcomes((disk) => make(disk, 'a', ones, false), { tornWriteChance: 0.5 });
  t.ok([...seen.keys()].some((key) => key.includes('t')));
});

t.test('SimDisk.crash loses names that were not synced, in order within a folder', async (t) => {
  const seen = await outcomes(async (disk) => {
    await make(disk, 'a', Uint8Array.of(1));
    await disk.rename('a', 'b');
    await (await disk.open('c', { create: true })).sync();
    await disk.remove('b');
  });
  t.same([...seen.keys()].sort(), ['a=1', 'b=1', 'b=1 c=', 'c=']);
});

t.test('SimDisk.crash loses files of which a folder above was not synced', async (t) => {
  const seen = await outcomes(async (disk) => {
    await disk.makeDir('d');
    await (await disk.open('d/a', { create: true })).sync();
    await disk.syncDir('d');
  });
  t.same([...seen.keys()].sort(), ['', 'd/a=']);
});

t.test('SimDisk.crash of the process keeps the cache', async (t) => {
  const disk = simDisk();
  await make(disk, 'a', ones, false);
  await disk.makeDir('d');
  disk.crash('process');
  t.equal(shapeOf(disk.contentOf('a')), '11111111');
  t.equal(await disk.exists('d'), true);
});

t.test('SimDisk.crash leaves the dead process without answers and without effect', async (t) => {
  const disk = simDisk();
  const mount = disk.mount();
  const file = await mount.open('a', { create: true });
  file.write(0, [ones]);
  let answers = 0;
  const count = () => {
    answers++;
  };
  file.sync().then(count, count);
  disk.crash('process');
  for (const late of [file.read(0, 1), file.close(), file.size(), mount.list('.')]) {
    late.then(count, count);
  }
  file.write(0, [ones.map(() => 2)]);
  mount.remove('a').then(count, count);
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  t.equal(answers, 0);
  t.equal(shapeOf(disk.contentOf('a')), '11111111');
});

t.test(
  'SimDisk: a failed sync leaves the cache right, and a later one does not repair the disk',
  async (t) => {
    const seen = await outcomes(async (disk) => {
      await make(disk, 'a', ones);
      const file = await disk.open('a', { create: false });
      file.write(0, [ones.map(() => 2)]);
      disk.setKnobs({ syncFailChance: 1 });
      await file.sync().catch(() => undefined);
      disk.setKnobs({ syncFailChance: 0 });
      await file.sync();
      if (shapeOf(disk.contentOf('a')) !== '22222222') t.fail('the cache');
    });
    t.ok(seen.size > 60, `${seen.size} different outcomes`);
  },
);

t.test('SimDisk: a sync covers what was written before it began', async (t) => {
  const seen = await outcomes(async (disk) => {
    await make(disk, 'a', Uint8Array.of(1));
    const file = await disk.open('a', { create: false });
    file.write(0, [Uint8Array.of(2)]);
    const syncs = [file.sync(), file.sync()];
    file.write(0, [Uint8Array.of(3)]);
    await Promise.all(syncs);
  });
  t.same([...seen.keys()].sort(), ['a=2', 'a=3']);
});

t.test('SimDisk.flipBit and the knob flip one bit', async (t) => {
  const disk = simDisk({ bitFlipChance: 1, mayRot: (path) => path !== 'b' });
  await make(disk, 'a', new Uint8Array(50));
  await make(disk, 'b', new Uint8Array(5000));
  disk.flipBit('b', 7, 3);
  t.equal(disk.contentOf('b')[7], 8);
  disk.crash('power');
  t.equal(disk.contentOf('a').filter((byte) => byte !== 0).length, 1);
  t.equal(disk.contentOf('b')[7], 8);
  t.equal(disk.contentOf('b').filter((byte) => byte !== 0).length, 1);
});
