import t from 'tap';
import { AssertionError } from '../../../src/base/assert.js';
import { silentLogger } from '../../../src/base/logger.js';
import { SyncLoop } from '../../../src/control/dataplane/sync-loop.js';
import { ManualClock } from '../../store/manual-clock.js';

/** A loop whose work is done when the test says so, with all that it was called with. */
function loopOf(sync?: (isPeriodic: boolean) => Promise<void>) {
  const clock = new ManualClock();
  const calls: boolean[] = [];
  const stop = new AbortController();
  const loop = new SyncLoop({
    ...{ clock, logger: silentLogger, minPeriodMs: 1000, periodMs: 30_000 },
    sync: async (isPeriodic) => {
      calls.push(isPeriodic);
      await sync?.(isPeriodic);
    },
  });
  const running = loop.run(stop.signal);
  return { clock, calls, loop, running, stop };
}

t.test('SyncLoop works when asked, once for all that comes within its least period', async (t) => {
  const { clock, calls, loop, running, stop } = loopOf();
  await clock.settle();
  t.same(calls, [], 'nobody asked');
  loop.ask();
  await clock.settle();
  t.same(calls, [false]);
  loop.ask();
  loop.ask();
  await clock.advance(999);
  t.same(calls, [false]);
  await clock.advance(1);
  t.same(calls, [false, false]);
  t.equal(loop.pendingSinceMs, null);
  stop.abort();
  await running;
});

t.test('SyncLoop looks after all is well each period', async (t) => {
  const { clock, calls, running, stop } = loopOf();
  await clock.advance(30_000);
  t.same(calls, [true]);
  await clock.advance(30_000);
  t.same(calls, [true, true]);
  stop.abort();
  await running;
});

t.test('SyncLoop tries again with growing pauses, and says since when', async (t) => {
  let failures = 4;
  const { clock, calls, loop, running, stop } = loopOf(async () => {
    if (failures-- > 0) throw new Error('refused');
  });
  const askedMs = clock.wallTime();
  loop.ask();
  await clock.settle();
  // 1 s at least, then 1, 2 and 4.
  for (const [waitMs, count] of [
    [1000, 2],
    [1000, 3],
    [2000, 4],
    [4000, 5],
  ] as const) {
    t.equal(loop.pendingSinceMs, askedMs);
    await clock.advance(waitMs - 1);
    t.equal(calls.length, count - 1);
    await clock.advance(1);
    t.equal(calls.length, count);
  }
  t.equal(loop.pendingSinceMs, null);
  stop.abort();
  await running;
});

t.test('SyncLoop: what is asked for while it works is worked on after it', async (t) => {
  let finish = () => {};
  const { clock, calls, loop, running, stop } = loopOf(
    () => new Promise((resolve) => (finish = resolve)),
  );
  loop.ask();
  await clock.settle();
  await clock.advance(5000);
  loop.ask();
  const againMs = clock.wallTime();
  t.equal(calls.length, 1, 'one at a time');
  finish();
  await clock.settle();
  t.equal(calls.length, 2);
  t.equal(loop.pendingSinceMs, againMs);
  finish();
  stop.abort();
  await running;
});

t.test('SyncLoop rejects for bugs', async (t) => {
  const { clock, loop, running } = loopOf(async () => {
    throw new AssertionError('broken');
  });
  loop.ask();
  await Promise.all([t.rejects(running, { message: 'broken' }), clock.settle()]);
});
