import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { openHostDisk } from '../../../src/host/disk.js';
import { SimDisk, type SimDiskKnobs } from '../../sim/disk.js';
import { instantClock } from '../../sim/instant-clock.js';
import { dir, entries, hardState, openLog, shape, snapshot } from './harness.js';

function simDisk(knobs: Partial<SimDiskKnobs> = {}): SimDisk {
  return new SimDisk(new Prng(1), instantClock, { syncLatencyMs: [1, 1], ...knobs });
}

const disks = [
  { name: 'the simulated disk', open: () => simDisk() },
  { name: "the machine's disk", open: (dir: string) => openHostDisk(dir) },
];

for (const { name, open } of disks) {
  t.test(`WriteAheadLogFile on ${name} gives back what was appended`, async (t) => {
    const disk = open(t.testdir());
    const first = await openLog(disk);
    t.same(first.recovery, {
      hardState: hardState(0),
      base: { index: 0, term: 0 },
      entries: [],
    });
    const written = entries(1, 300, 3, 256);
    for (let i = 0; i < 300; i += 10) {
      await first.settled(first.append({ entries: written.slice(i, i + 10) }));
    }
    await first.settled(first.append({ hardState: hardState(3, 299) }));
    await first.wal.close();

    const second = await openLog(disk);
    t.same(second.recovery.hardState, hardState(3, 299));
    t.same(second.recovery.entries, written);
    t.equal(second.cut, null);
    t.ok(second.wal.status.segments > 3, `${second.wal.status.segments} segments`);
    await second.wal.close();
  });
}

t.test('append collects what comes while a sync is in flight into one frame', async (t) => {
  const log = await openLog(simDisk());
  for (let i = 1; i <= 10; i++) log.append({ entries: entries(i, i) });
  await log.settled(10);
  t.same(log.durable, [1, 10]);
});

/** A log on a disk whose syncs are quick. */
async function quickLog() {
  const disk = simDisk({ syncLatencyMs: [0.9, 0.9] });
  const log = await openLog(disk, { segmentBytes: 1 << 20 });
  let index = 0;
  /** Appends an entry; whether it was durable at once. */
  const appends = (mayBlock: boolean, size = 8): boolean => {
    index++;
    const sequence = log.append({ entries: entries(index, index, 1, size), mayBlock });
    return log.durable.at(-1) === sequence;
  };
  const rest = async () => {
    while (log.durable.at(-1) !== index) await new Promise((resolve) => setImmediate(resolve));
  };
  return { disk, log, appends, rest };
}

t.test('append waits for a disk that is quick, where it may', async (t) => {
  const { log, appends, rest } = await quickLog();
  t.ok(appends(true));
  t.ok(appends(true));
  t.notOk(appends(false), 'it may not');
  t.notOk(appends(true), 'another sync is in flight');
  await rest();
  t.notOk(appends(true, 100_000), 'it is much');
  await rest();
  t.ok(appends(true));
  await log.wal.close();
});

t.test('append waits the less often for a disk the longer that has been slow', async (t) => {
  const { disk, log, appends, rest } = await quickLog();
  /** How many appends are not waited for before one is. */
  const passed = async (): Promise<number> => {
    for (let count = 0; ; count++) {
      if (appends(true)) return count;
      await rest();
    }
  };
  disk.setKnobs({ syncLatencyMs: [1, 1] });
  t.same(
    [await passed(), await passed(), await passed(), await passed()],
    [0, 4, 8, 16],
    'each was slow',
  );
  disk.setKnobs({ syncLatencyMs: [0.9, 0.9] });
  t.same([await passed(), await passed()], [32, 0], 'it is quick again');
  disk.setKnobs({ syncLatencyMs: [1, 1] });
  t.same([await passed(), await passed()], [0, 4], 'what was before is forgotten');
  await log.wal.close();
});

t.test('append begins a segment without waiting', async (t) => {
  const { log, appends, rest } = await quickLog();
  for (let i = 0; i < 40; i++) {
    appends(true, 60_000);
    await rest();
  }
  t.ok(log.wal.status.segments > 2, `${log.wal.status.segments} segments`);
  await log.wal.close();
});

t.test('append overwrites the suffix from its first entry on', async (t) => {
  const disk = simDisk();
  const log = await openLog(disk);
  log.append({ entries: entries(1, 6, 1) });
  log.append({ hardState: hardState(2), entries: entries(4, 5, 2) });
  await log.settled(log.append({ entries: entries(6, 6, 2) }));
  disk.crash();
  const again = await openLog(disk);
  t.equal(shape(again.recovery.entries), '1:1 2:1 3:1 4:2 5:2 6:2');
  t.same(again.recovery.hardState, hardState(2));
});

t.test('append of a snapshot resets the log to start after it', async (t) => {
  const disk = simDisk();
  const log = await openLog(disk);
  log.append({ hardState: hardState(1, 2), entries: entries(1, 6, 1) });
  const sequence = log.append({ snapshot: snapshot(50, 4), entries: entries(51, 52, 4) });
  await log.settled(sequence);
  disk.crash();
  const again = await openLog(disk);
  t.same(again.recovery.base, { index: 50, term: 4 });
  t.equal(shape(again.recovery.entries), '51:4 52:4');
  t.equal(again.recovery.hardState.commit, 50, 'what a snapshot holds is committed');
});

t.test('release removes whole segments and recovery starts after them', async (t) => {
  const disk = simDisk();
  const log = await openLog(disk);
  for (let i = 1; i <= 200; i++) await log.settled(log.append({ entries: entries(i, i, 1, 500) }));
  const before = log.wal.status;
  await log.wal.release(100);
  const after = log.wal.status;
  t.ok(after.segments < before.segments && after.segments > 1);
  t.ok(after.bytes < before.bytes);
  disk.crash();
  const again = await openLog(disk);
  const { base, entries: left } = again.recovery;
  t.ok(base.index <= 100 && base.index > 50, `starts after ${base.index}`);
  t.equal(base.term, 1);
  t.equal(left[0]?.index, base.index + 1);
  t.equal(left.at(-1)?.index, 200);
  t.ok(again.recovery.hardState.commit >= base.index);
});

t.test('append of a record larger than a segment goes into one that is as large', async (t) => {
  const disk = simDisk();
  const log = await openLog(disk);
  await log.settled(log.append({ entries: entries(1, 1) }));
  await log.settled(log.append({ entries: entries(2, 2, 1, 100_000) }));
  await log.settled(log.append({ entries: entries(3, 3) }));
  disk.crash();
  const again = await openLog(disk);
  t.equal(shape(again.recovery.entries), '1:1 2:1 3:1');
  t.equal(again.recovery.entries[1]?.data.length, 100_000);
  t.ok(disk.paths().every((path) => path.startsWith(dir)));
});

t.test(
  'release beyond the log leaves what a state from elsewhere will be followed by',
  async (t) => {
    const disk = simDisk();
    const log = await openLog(disk);
    for (let i = 1; i <= 100; i++)
      await log.settled(log.append({ entries: entries(i, i, 1, 500) }));
    await log.wal.release(150);
    t.equal(log.wal.status.segments, 1);
    t.throws(() => log.append({ entries: entries(100, 100) }), /before the log/);
    const sequence = log.append({ snapshot: snapshot(150, 2), entries: entries(151, 151, 2) });
    await log.settled(sequence);
    t.equal(log.wal.status.entries, 1);
    disk.crash();
    const again = await openLog(disk);
    t.same(again.recovery.base, { index: 150, term: 2 });
    t.equal(shape(again.recovery.entries), '151:2');
  },
);
