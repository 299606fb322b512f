import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { SimDisk } from '../../sim/disk.js';
import { instantClock } from '../../sim/instant-clock.js';
import { entries, hardState, openLog, shape } from './harness.js';

const simDisk = () => new SimDisk(new Prng(3), instantClock, { syncLatencyMs: [1, 1] });

t.test('append after a failed sync is refused, and the failure is told once', async (t) => {
  const disk = simDisk();
  const log = await openLog(disk);
  await log.settled(log.append({ entries: entries(1, 1) }));
  disk.setKnobs({ syncFailChance: 1 });
  const failing = log.append({ entries: entries(2, 2) });
  log.append({ entries: entries(3, 3) });
  await log.settled(failing);
  t.match(log.failures, [{ code: 'io' }]);
  t.same(log.durable, [1], 'what came after is not reported either');
  disk.setKnobs({ syncFailChance: 0 });
  t.throws(() => log.append({ entries: entries(4, 4) }), { code: 'wal-closed' });
  await log.wal.close();
  t.equal(log.failures.length, 1);
  t.same(log.durable, [1], 'closing does not try again');
});

t.test('append on a full disk fails, after the preallocated room is used', async (t) => {
  const disk = simDisk();
  const log = await openLog(disk);
  disk.setKnobs({ capacityBytes: 20 << 10 });
  let durable = 0;
  for (let i = 1; log.failures.length === 0 && i < 100; i++) {
    await log.settled(log.append({ entries: entries(i, i, 1, 500) }));
    if (log.failures.length === 0) durable = i;
  }
  t.match(log.failures, [{ code: 'no-space' }]);
  t.ok(durable > 20, `${durable} appends went through before`);
  disk.crash('power');
  disk.setKnobs({ capacityBytes: 1 << 20 });
  const again = await openLog(disk);
  t.equal(again.recovery.entries.length, durable);
  await again.settled(again.append({ entries: entries(durable + 1, durable + 1) }));
  t.same(again.durable, [1]);
});

t.test('append does not throw what the disk refuses: it is told as a failure', async (t) => {
  const disk = simDisk();
  const log = await openLog(disk);
  disk.setKnobs({ capacityBytes: 17 << 10 });
  await log.settled(log.append({ entries: entries(1, 1, 1, 50_000) }));
  t.match(log.failures, [{ code: 'no-space' }]);
});

t.test('open after a failed sync does not believe the cache', async (t) => {
  for (let seed = 1; seed <= 40; seed++) {
    const disk = new SimDisk(new Prng(seed), instantClock, { syncLatencyMs: [1, 1] });
    const log = await openLog(disk);
    await log.settled(log.append({ entries: entries(1, 1) }));
    disk.setKnobs({ syncFailChance: 1 });
    await log.settled(log.append({ entries: entries(2, 3, 1, 2000) }));
    disk.crash('process');
    disk.setKnobs({ syncFailChance: 0 });
    const { recovery } = await openLog(disk);
    disk.crash('power');
    const after = await openLog(disk);
    if (shape(after.recovery.entries) !== shape(recovery.entries)) t.fail(`seed ${seed}`);
    t.equal(shape(recovery.entries), '1:1 2:1 3:1', 'the cache had it');
  }
});

t.test(
  'append asserts that the log has no gap, goes on in order and keeps what was released',
  async (t) => {
    const log = await openLog(simDisk());
    await log.settled(log.append({ hardState: hardState(1, 3), entries: entries(1, 5) }));
    const append = (first: number, sequence: number) =>
      log.wal.append({ sequence, hardState: null, snapshot: null, entries: entries(first, first) });
    t.throws(() => append(7, 2), /leaves a gap/);
    t.throws(() => append(6, 1), /out of order/);
    await log.wal.release(3);
    t.throws(() => append(3, 4), /before the log/);
  },
);

t.test('close waits for what is in flight, and the log takes nothing after', async (t) => {
  const disk = simDisk();
  const log = await openLog(disk);
  for (let i = 1; i <= 5; i++) log.append({ entries: entries(i, i) });
  const closed = log.wal.close();
  t.throws(() => log.append({ entries: entries(6, 6) }), { code: 'wal-closed' });
  await closed;
  t.same(log.durable, [1, 5]);
  disk.crash('power');
  t.equal((await openLog(disk)).recovery.entries.length, 5);
});

t.test('append that waits for its sync tells of a failure as any other', async (t) => {
  const disk = new SimDisk(new Prng(3), instantClock, { syncLatencyMs: [0.5, 0.5] });
  const log = await openLog(disk);
  for (let i = 1; i <= 20; i++) await log.settled(log.append({ entries: entries(i, i) }));
  log.append({ entries: entries(21, 21), mayBlock: true });
  t.equal(log.durable.at(-1), 21, 'it waits');
  disk.setKnobs({ syncFailChance: 1 });
  log.append({ entries: entries(22, 22), mayBlock: true });
  t.match(log.failures, [{ code: 'io' }]);
  t.equal(log.durable.at(-1), 21);
  t.throws(() => log.append({ entries: entries(23, 23), mayBlock: true }), { code: 'wal-closed' });
  await log.wal.close();
  t.equal(log.failures.length, 1);
});
