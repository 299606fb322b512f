import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import type { Watcher } from '../../../src/store/watch/watcher.js';
import { WatcherQueue } from '../../../src/store/watch/watcher-queue.js';
import { cpuMsOf } from '../../base/cpu-time.js';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

/** All that a line looks at. */
const fakeWatcher = () => ({ queue: null }) as unknown as Watcher;

t.test('WatcherQueue is first come first served, each in one place', async (t) => {
  const queue = new WatcherQueue();
  const [a, b, c] = [fakeWatcher(), fakeWatcher(), fakeWatcher()];
  for (const watcher of [a, b, a, c]) queue.add(watcher);
  queue.remove(b);
  t.equal(queue.take(), a);
  queue.add(a);
  t.equal(queue.take(), c);
  t.equal(queue.take(), a);
  t.equal(queue.take(), undefined);
  t.equal(b.queue, null);
  queue.add(b);
  queue.clear();
  t.equal(b.queue, null);
  t.equal(queue.take(), undefined);
});

t.test(`WatcherQueue serves everyone in it, once (SEED=${seed})`, async (t) => {
  const prng = new Prng(seed);
  const queue = new WatcherQueue();
  const other = new WatcherQueue();
  const watchers = Array.from({ length: 50 }, fakeWatcher);
  const waiting = new Set<Watcher>();
  for (let step = 0; step < 20_000; step++) {
    const watcher = prng.pick(watchers);
    const dice = prng.int(0, 4);
    if (dice < 2) {
      queue.add(watcher);
      waiting.add(watcher);
    } else if (dice === 2) {
      queue.remove(watcher);
      other.remove(watcher);
      waiting.delete(watcher);
    } else {
      const taken = queue.take();
      const isRight = taken === undefined ? waiting.size === 0 : waiting.delete(taken);
      if (!isRight) throw new Error(`step ${step}: took one that was not in line, or missed one`);
    }
  }
  t.pass();
});

t.test('WatcherQueue keeps no places for those that were removed', async (t) => {
  const queue = new WatcherQueue();
  const other = new WatcherQueue();
  const [first, second, last] = [fakeWatcher(), fakeWatcher(), fakeWatcher()];
  queue.add(first);
  queue.add(second);
  for (let i = 0; i < 100_000; i++) {
    const watcher = fakeWatcher();
    queue.add(watcher);
    if (i % 3 === 0) other.add(watcher);
    else queue.remove(watcher);
    queue.remove(second);
    queue.add(second);
    if (queue.placeCount > 1100) return void t.fail(`${queue.placeCount} places for two`);
  }
  queue.add(last);
  t.equal(queue.take(), first);
  t.strictSame(new Set([queue.take(), queue.take()]), new Set([second, last]));
  t.equal(queue.take(), undefined);
  let count = 0;
  while (other.take() !== undefined) count++;
  t.equal(count, 33_334, 'those that went to another line are there');
});

t.test('WatcherQueue takes as long for the last of many as for the first', async (t) => {
  const queue = new WatcherQueue();
  const count = 200_000;
  for (let i = 0; i < count; i++) queue.add(fakeWatcher());
  let taken = 0;
  const cpuMs = await cpuMsOf(() => {
    while (queue.take() !== undefined) taken++;
  });
  t.equal(taken, count);
  t.ok(cpuMs < 5_000, `${cpuMs} ms; looking past what was taken would need minutes`);
});
