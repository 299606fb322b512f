import t from 'tap';
import { CacheWatcher } from '../../../../src/control/apiserver/storage/cache-watcher.js';
import type { StorageEvent } from '../../../../src/control/apiserver/storage/index.js';
import { within } from '../../../client/until.js';

const bookmark = (revision: number): StorageEvent => {
  return { type: 'bookmark', revision, endsInitialEvents: false };
};
const batchOf = (count: number) => Array.from({ length: count }, (_, i) => bookmark(i));
const limits = { eventsMax: 10, graceMs: 100 };
const now = () => 0;

t.test('CacheWatcher: batches come in order, also to a reader who waits', async (t) => {
  const watcher = new CacheWatcher(limits);
  const [first, second] = [batchOf(1), batchOf(2)];
  const waiting = watcher.next(now);
  watcher.push(first, 0);
  watcher.push(second, 0);
  t.equal(await within('a batch', waiting), first);
  t.equal(await watcher.next(now), second);
});

t.test('CacheWatcher: thousands of batches come in order', async (t) => {
  const watcher = new CacheWatcher({ ...limits, eventsMax: 1e6 });
  let taken = 0;
  for (let i = 0; i < 5000; i++) {
    watcher.push([bookmark(i)], 0);
    if (i % 3 === 0) continue;
    const batch = await watcher.next(now);
    if (batch?.[0]?.type !== 'bookmark' || batch[0].revision !== taken++) t.fail(`batch ${i}`);
  }
  while (watcher.hasBatches) {
    const batch = await watcher.next(now);
    if (batch?.[0]?.type !== 'bookmark' || batch[0].revision !== taken++) t.fail('a late batch');
  }
  t.equal(taken, 5000);
});

t.test('CacheWatcher: the end wakes the reader, and drops what waits', async (t) => {
  const watcher = new CacheWatcher(limits);
  const waiting = watcher.next(now);
  watcher.end(null);
  t.equal(await within('the end', waiting), null);
  watcher.push(batchOf(1), 0);
  t.equal(await watcher.next(now), null);
  const failed = new CacheWatcher(limits);
  failed.push(batchOf(1), 0);
  failed.end(new Error('over'));
  failed.end(null);
  await t.rejects(failed.next(now), { message: 'over' });
});

for (const { what, pushes, isEnded } of [
  {
    what: 'a short queue may wait for ever',
    pushes: [
      [10, 0],
      [0, 1e6],
    ],
    isEnded: false,
  },
  {
    what: 'a long queue has its grace',
    pushes: [
      [11, 0],
      [1, 100],
    ],
    isEnded: false,
  },
  {
    what: 'a long queue of an idle reader ends',
    pushes: [
      [11, 0],
      [1, 101],
    ],
    isEnded: true,
  },
  {
    what: 'a queue ten times too long ends at once',
    pushes: [
      [100, 0],
      [1, 0],
    ],
    isEnded: true,
  },
] as const) {
  t.test(`CacheWatcher: ${what}`, async (t) => {
    const watcher = new CacheWatcher(limits);
    for (const [count, nowMs] of pushes) if (count > 0) watcher.push(batchOf(count), nowMs);
    t.equal(watcher.isEnded, isEnded);
  });
}

t.test('CacheWatcher: a reader who takes something starts its grace anew', async (t) => {
  const watcher = new CacheWatcher(limits);
  watcher.push(batchOf(1), 0);
  watcher.push(batchOf(15), 0);
  await watcher.next(() => 90);
  watcher.push(batchOf(1), 180);
  t.equal(watcher.isEnded, false);
  watcher.push(batchOf(1), 191);
  t.equal(watcher.isEnded, true);
});
