import t from 'tap';
import { concatBytes } from '../../../src/base/bytes.js';
import type { Disk } from '../../../src/base/disk.js';
import { clusterId, memberId } from '../../../src/base/ids.js';
import { Prng } from '../../../src/base/prng.js';
import { openHostDisk } from '../../../src/host/disk.js';
import type { SnapshotMeta } from '../../../src/raft/core/types.js';
import type { SnapshotFiles } from '../../../src/raft/node/snapshot-exchange.js';
import { SnapshotStore, snapshotName } from '../../../src/raft/snapshot/index.js';
import { SimDisk, type SimDiskKnobs } from '../../sim/disk.js';
import { instantClock } from '../../sim/instant-clock.js';

const dir = 'snap';
const cluster = clusterId(0xc1n);

function metaOf(index: number, term = 3): SnapshotMeta {
  const ids = [1n, 2n, 0xffffffffffffffffn].map(memberId);
  return {
    index,
    term,
    conf: {
      voters: ids,
      votersOutgoing: ids.slice(0, 2),
      learners: [memberId(7n)],
      learnersNext: [],
      autoLeave: true,
    },
  };
}

async function* yieldAll(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

const openStore = (disk: Disk, id = cluster) => SnapshotStore.open({ disk, dir, clusterId: id });

function simDisk(knobs: Partial<SimDiskKnobs> = {}, seed = 1): SimDisk {
  return new SimDisk(new Prng(seed), instantClock, knobs);
}

/** Sends a file from one store to another in pieces; stops after `piecesMax`. True when it was completed. */
async function transfer(
  from: SnapshotStore,
  to: SnapshotStore,
  meta: SnapshotMeta,
  { pieceBytes = 100, piecesMax = 1e9, spoil = (bytes: Uint8Array) => bytes } = {},
): Promise<{ done: boolean; startedAt: number }> {
  const intake = await to.receive(meta);
  const startedAt = intake.receivedBytes;
  for (let pieces = 0; pieces < piecesMax; pieces++) {
    const part = (await from.read(meta, intake.receivedBytes, pieceBytes))!;
    await intake.append(spoil(part.bytes));
    if (intake.receivedBytes < part.totalBytes) continue;
    const done = await intake.finish();
    t.equal(intake.receivedBytes, done ? part.totalBytes : 0, 'a bad one starts over');
    await intake.close();
    return { done, startedAt };
  }
  await intake.close();
  return { done: false, startedAt };
}

const image = [3, 0, 1000, 1, 5000].map((length, i) => new Uint8Array(length).fill(i + 1));
const keptImage = image.filter(({ length }) => length > 0);

for (const [name, open] of [
  ['the simulated disk', () => simDisk()],
  ["the machine's disk", (root: string) => openHostDisk(root)],
] as const) {
  t.test(`SnapshotStore on ${name} saves, lists, reads back and retains`, async (t) => {
    const disk = open(t.testdir());
    const store = await openStore(disk);
    const asFiles: SnapshotFiles = store;
    t.equal(asFiles.newest(), undefined);
    for (const index of [10, 20]) await store.save(metaOf(index), yieldAll(image));
    t.same(await disk.list(dir), [snapshotName(metaOf(20))], 'the older one is gone');
    t.same(store.newest(), metaOf(20));
    t.same(await collect(store.chunks({ index: 20, term: 3 })), keptImage);
    t.equal(await store.verify(metaOf(20)), true);
    t.equal(await store.verify(metaOf(10)), false);
    t.equal(await store.meta({ index: 20, term: 4 }), undefined);
    await t.rejects(collect(store.chunks(metaOf(10))), { code: 'snapshot-absent' });
    await store.close();
    const again = await openStore(disk);
    t.same(again.list(), [metaOf(20)]);
    await again.close();
  });

  t.test(`SnapshotStore on ${name} sends a file that another receives`, async (t) => {
    const sender = await openStore(open(t.testdir({ a: {}, b: {} })));
    const receiver = await openStore(simDisk());
    await sender.save(metaOf(5), yieldAll(image));
    t.same(await transfer(sender, receiver, metaOf(5)), { done: true, startedAt: 0 });
    t.same(receiver.newest(), metaOf(5));
    t.same(await collect(receiver.chunks(metaOf(5))), keptImage);
    await sender.close();
  });
}

t.test('SnapshotStore keeps a file that is being read although it was removed', async (t) => {
  const store = await openStore(simDisk());
  await store.save(metaOf(1), yieldAll(image));
  const before = await store.read(metaOf(1), 0, 100);
  await store.save(metaOf(2), yieldAll(image));
  t.same(await store.read(metaOf(1), 0, 100), before);
  t.ok(await store.read(metaOf(2), 0, 1));
  t.equal(await store.read(metaOf(1), 0, 100), undefined);
});

t.test('SnapshotStore refuses the snapshots of another cluster', async (t) => {
  const disk = simDisk();
  await (await openStore(disk)).save(metaOf(1), yieldAll(image));
  await t.rejects(openStore(disk, clusterId(0xc2n)), {
    code: 'snapshot-wrong-cluster',
    message: /belongs to cluster c1, not to c2/,
  });
});

t.test('SnapshotStore notices a flipped bit at every byte', async (t) => {
  const disk = simDisk();
  const store = await openStore(disk);
  await store.save(metaOf(9), yieldAll([new Uint8Array(40).fill(1), new Uint8Array(5)]));
  const path = `${dir}/${snapshotName(metaOf(9))}`;
  const size = disk.contentOf(path).length;
  for (let offset = 0; offset < size; offset++) {
    disk.flipBit(path, offset, offset % 8);
    if (await store.verify(metaOf(9))) t.fail(`a flip at ${offset} of ${size} goes unnoticed`);
    disk.flipBit(path, offset, offset % 8);
  }
  t.equal(await store.verify(metaOf(9)), true);
});

t.test('SnapshotStore notices a file cut short anywhere, or with bytes after it', async (t) => {
  const disk = simDisk();
  const store = await openStore(disk);
  await store.save(metaOf(9), yieldAll([new Uint8Array(40).fill(1), new Uint8Array(5)]));
  const path = `${dir}/${snapshotName(metaOf(9))}`;
  const whole = disk.contentOf(path);
  const file = await disk.open(path, { create: false });
  file.write(whole.length, [Uint8Array.of(0)]);
  t.equal(await store.verify(metaOf(9)), false);
  for (let size = whole.length - 1; size >= 0; size--) {
    await file.truncate(size);
    if (await store.verify(metaOf(9))) t.fail(`cut to ${size} goes unnoticed`);
  }
  t.same((await openStore(disk)).list(), [], 'a damaged header is passed over');
});

t.test(
  'SnapshotStore.save leaves nothing behind on a full disk and works when there is room',
  async (t) => {
    const disk = simDisk({ capacityBytes: 3000 });
    const store = await openStore(disk);
    await t.rejects(store.save(metaOf(1), yieldAll(image)), { code: 'no-space' });
    t.same(disk.paths(), []);
    t.equal(store.newest(), undefined);
    disk.setKnobs({ capacityBytes: 100_000 });
    await store.save(metaOf(1), yieldAll(image));
    t.equal(await store.verify(metaOf(1)), true);
  },
);

t.test('SnapshotStore.save leaves nothing behind when a sync or the source fails', async (t) => {
  const disk = simDisk();
  const store = await openStore(disk);
  disk.setKnobs({ syncFailChance: 1 });
  await t.rejects(store.save(metaOf(1), yieldAll(image)), { code: 'io' });
  disk.setKnobs({ syncFailChance: 0 });
  async function* failing() {
    yield new Uint8Array(9);
    throw new Error('no more');
  }
  await t.rejects(store.save(metaOf(1), failing()), { message: 'no more' });
  t.same(disk.paths(), []);
});

t.test(
  'SnapshotReceiver rejects a transfer with a bad bit anywhere and then starts over',
  async (t) => {
    const sender = await openStore(simDisk());
    await sender.save(metaOf(5), yieldAll([new Uint8Array(50), new Uint8Array(30)]));
    const receiver = await openStore(simDisk());
    const size = (await sender.read(metaOf(5), 0, 0))!.totalBytes;
    for (let bad = 0; bad < size; bad += 1) {
      let at = 0;
      const spoil = (bytes: Uint8Array) => {
        const copy = bytes.slice();
        if (bad >= at && bad < at + bytes.length) copy[bad - at]! ^= 4;
        at += bytes.length;
        return copy;
      };
      const { done } = await transfer(sender, receiver, metaOf(5), { spoil, pieceBytes: 64 });
      if (done) t.fail(`accepted a transfer with byte ${bad} damaged`);
      t.equal(receiver.newest(), undefined);
    }
    t.same(await transfer(sender, receiver, metaOf(5)), { done: true, startedAt: 0 });
  },
);

t.test('SnapshotReceiver goes on after a restart and after power losses', async (t) => {
  const sender = await openStore(simDisk());
  const chunks = Array.from({ length: 40 }, (_, i) => new Uint8Array(700).fill(i));
  await sender.save(metaOf(5), yieldAll(chunks));
  let wentOn = 0;
  for (let seed = 1; seed <= 50; seed++) {
    const prng = new Prng(seed);
    const disk = simDisk({ tornWriteChance: 0.2 }, seed);
    for (let attempt = 0; ; attempt++) {
      const receiver = await openStore(disk);
      const piecesMax = attempt > 20 ? 1e9 : prng.int(1, 20);
      const { done, startedAt } = await transfer(sender, receiver, metaOf(5), {
        pieceBytes: 1000,
        piecesMax,
      });
      if (startedAt > 0) wentOn++;
      if (done) {
        disk.crash();
        const after = await openStore(disk);
        t.same(after.newest(), metaOf(5), `seed ${seed}: complete is durable`);
        t.same(await collect(after.chunks(metaOf(5))), chunks, `seed ${seed}`);
        break;
      }
      disk.crash(prng.chance(0.5) ? 'power' : 'process');
    }
  }
  t.ok(wentOn > 50, `${wentOn} transfers went on in place of starting over`);
});

t.test('SnapshotStore.receive of a newer snapshot discards an older partial one', async (t) => {
  const sender = await openStore(simDisk());
  const disk = simDisk();
  const receiver = await openStore(disk);
  await sender.save(metaOf(5), yieldAll(image));
  await transfer(sender, receiver, metaOf(5), { piecesMax: 3 });
  t.same(await disk.list(dir), [`${snapshotName(metaOf(5))}.part`]);
  await sender.save(metaOf(6), yieldAll(image));
  t.ok((await transfer(sender, receiver, metaOf(6))).done);
  t.same(await disk.list(dir), [snapshotName(metaOf(6))]);
});

t.test('SnapshotStore.receive keeps what it received, though a newer one is here', async (t) => {
  const sender = await openStore(simDisk());
  const receiver = await openStore(simDisk());
  await receiver.save(metaOf(9), yieldAll(image));
  await sender.save(metaOf(5), yieldAll(image));
  t.ok((await transfer(sender, receiver, metaOf(5))).done);
  t.same(await collect(receiver.chunks(metaOf(5))), keptImage);
});

t.test(
  'SnapshotStore.receive of a snapshot that is complete here asks only for its end',
  async (t) => {
    const store = await openStore(simDisk());
    await store.save(metaOf(5), yieldAll(image));
    const { done, startedAt } = await transfer(store, store, metaOf(5));
    t.ok(done && startedAt > concatBytes(image).length);
    t.same(await collect(store.chunks(metaOf(5))), keptImage);
  },
);

t.test('SnapshotReceiver refuses a file that is of another cluster', async (t) => {
  const sender = await openStore(simDisk(), clusterId(0xc2n));
  await sender.save(metaOf(5), yieldAll(image));
  const receiver = await openStore(simDisk());
  t.equal((await transfer(sender, receiver, metaOf(5))).done, false);
  t.equal(receiver.newest(), undefined);
});
