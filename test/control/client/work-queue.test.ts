import t from 'tap';
import { silentLogger } from '../../../src/base/logger.js';
import { Prng } from '../../../src/base/prng.js';
import { Expectations } from '../../../src/control/client/expectations.js';
import { runWorkers, WorkQueue } from '../../../src/control/client/index.js';
import { TokenBucket } from '../../../src/control/client/token-bucket.js';
import { serviceUnavailable } from '../../../src/control/machinery/status-errors.js';
import { ManualClock } from '../../store/manual-clock.js';

t.test('a work queue gives a key out once, and again when it was added meanwhile', async (t) => {
  const queue = new WorkQueue(new ManualClock());
  queue.add('a');
  queue.add('b');
  queue.add('a');
  t.equal(queue.length, 2);
  t.equal(await queue.take(), 'a');
  queue.add('a');
  t.equal(await queue.take(), 'b');
  t.equal(queue.length, 0, 'a is worked on');
  queue.done('a');
  t.equal(await queue.take(), 'a');
  queue.done('a');
  queue.done('b');
  t.ok(queue.isIdle);
  t.throws(() => queue.done('b'), /"b" is not worked on/);
});

t.test('a work queue adds keys later, at the earliest of several times', async (t) => {
  const clock = new ManualClock();
  const queue = new WorkQueue(clock);
  queue.addAfter('a', 1000);
  queue.addAfter('a', 200);
  queue.addAfter('a', 5000);
  await clock.advance(199);
  t.equal(queue.length, 0);
  await clock.advance(1);
  t.equal(await queue.take(), 'a');
  queue.done('a');
  await clock.advance(10_000);
  t.equal(queue.length, 0, 'the other times are forgotten');
});

t.test('a work queue has pauses double until a key is forgotten', async (t) => {
  const clock = new ManualClock();
  const queue = new WorkQueue(clock, { baseMs: 10, maxMs: 50 });
  for (const pauseMs of [10, 20, 40, 50, 50]) {
    queue.addRateLimited('a');
    await clock.advance(pauseMs - 1);
    t.equal(queue.length, 0, `not before ${pauseMs} ms`);
    await clock.advance(1);
    t.equal(await queue.take(), 'a');
    queue.done('a');
  }
  t.equal(queue.failures('a'), 5);
  queue.forget('a');
  queue.addRateLimited('a');
  await clock.advance(10);
  t.equal(queue.length, 1);
});

t.test('a closed work queue gives null to all, and takes nothing', async (t) => {
  const clock = new ManualClock();
  const queue = new WorkQueue(clock);
  const waiting = queue.take();
  queue.addAfter('a', 10);
  queue.close();
  queue.add('b');
  await clock.advance(100);
  t.equal(await waiting, null);
  t.equal(await queue.take(), null);
  t.equal(clock.timerCount, 0);
});

t.test('workers never have one key at a time twice, and leave none undone', async (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const prng = new Prng(seed);
    const clock = new ManualClock();
    const queue = new WorkQueue(clock, { baseMs: 1, maxMs: 20 });
    const stop = new AbortController();
    const busy = new Set<string>();
    /** Additions that no look has begun after. */
    const open = new Set<string>();
    const running = runWorkers({
      ...{ queue, workers: 4, logger: silentLogger, signal: stop.signal },
      async reconcile(key) {
        if (busy.has(key)) t.fail(`${key} is worked on twice (seed ${seed})`);
        busy.add(key);
        open.delete(key);
        await new Promise<void>((done) => clock.setTimer(prng.int(0, 10), done));
        busy.delete(key);
        if (!prng.chance(0.3)) return;
        open.add(key);
        throw serviceUnavailable('not now');
      },
    });
    for (let step = 0; step < 200; step++) {
      const key = `key-${prng.int(0, 6)}`;
      open.add(key);
      if (prng.chance(0.2)) queue.addAfter(key, prng.int(1, 30));
      else queue.add(key);
      await clock.advance(prng.int(0, 3));
    }
    await clock.advance(5000);
    t.same([...open], [], `seed ${seed}`);
    t.ok(queue.isIdle, `seed ${seed}`);
    stop.abort();
    await clock.advance(10);
    await running;
  }
});

t.test('workers stop when a reconciler has a bug', async (t) => {
  const queue = new WorkQueue(new ManualClock());
  queue.add('a');
  const reconcile = () => Promise.reject(new TypeError('a bug'));
  const { signal } = new AbortController();
  const options = { queue, workers: 1, logger: silentLogger, reconcile, signal };
  await t.rejects(runWorkers(options), /a bug/);
});

t.test('expectations hold a key until all was seen, or five minutes', (t) => {
  const clock = new ManualClock();
  const expectations = new Expectations(clock);
  t.ok(expectations.isFulfilled('a'), 'nothing is expected');
  expectations.expect('a', { creations: 2, deletions: ['x'] });
  expectations.onCreated('a');
  expectations.onDeleted('a', 'x');
  expectations.onDeleted('a', 'x');
  t.notOk(expectations.isFulfilled('a'));
  expectations.onCreated('a');
  t.ok(expectations.isFulfilled('a'));
  expectations.expect('a', { creations: 1 });
  clock.jump(300_000);
  t.notOk(expectations.isFulfilled('a'));
  clock.jump(1);
  t.ok(expectations.isFulfilled('a'));
  t.end();
});

t.test('a token bucket lets a burst through, then its rate', async (t) => {
  const clock = new ManualClock();
  const bucket = new TokenBucket(clock, { perSecond: 10, burst: 3 });
  t.same(
    Array.from({ length: 5 }, () => bucket.reserve()),
    [0, 0, 0, 100, 200],
  );
  clock.jump(200);
  t.notOk(bucket.tryTake(), 'those who wait come first');
  clock.jump(100);
  t.ok(bucket.tryTake());
  const stop = new AbortController();
  const waiting = bucket.take(stop.signal);
  stop.abort(new Error('enough'));
  await t.rejects(waiting, /enough/);
  clock.jump(100);
  t.ok(bucket.tryTake(), 'a token that was not used is not lost');
});
