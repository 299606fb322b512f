import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import { Bookmarks } from '../../../../src/control/apiserver/storage/bookmarks.js';
import { CacheWatcher } from '../../../../src/control/apiserver/storage/cache-watcher.js';
import { ManualClock } from '../../../store/manual-clock.js';

const newWatcher = () => Object.create(CacheWatcher.prototype) as CacheWatcher;

function newBookmarks(seed = 1) {
  const clock = new ManualClock();
  const startMs = clock.now();
  const told = new Map<CacheWatcher, number[]>();
  let sends = 0;
  const bookmarks = new Bookmarks({
    clock,
    prng: new Prng(seed),
    send: (due) => {
      sends++;
      for (const watcher of due) {
        told.set(watcher, [...(told.get(watcher) ?? []), clock.now() - startMs]);
      }
    },
  });
  return { clock, bookmarks, told, sendCount: () => sends };
}

t.test('Bookmarks tells each watcher about once a minute', async (t) => {
  const { clock, bookmarks, told } = newBookmarks();
  const watchers = Array.from({ length: 20 }, newWatcher);
  for (const watcher of watchers) {
    bookmarks.add(watcher, null);
    await clock.advance(700);
  }
  await clock.advance(10 * 60_000);
  for (const [i, watcher] of watchers.entries()) {
    const moments = [i * 700, ...(told.get(watcher) ?? [])];
    t.ok(moments.length > 9, `${moments.length - 1} times`);
    for (let at = 1; at < moments.length; at++) {
      const afterMs = (moments[at] ?? 0) - (moments[at - 1] ?? 0);
      if (afterMs < 45_000 || afterMs > 61_000) t.fail(`watcher ${i} after ${afterMs} ms`);
    }
  }
});

t.test('Bookmarks tells a watcher once more shortly before its end', async (t) => {
  const { clock, bookmarks, told } = newBookmarks();
  const watcher = newWatcher();
  bookmarks.add(watcher, 10_000);
  await clock.advance(10_000);
  t.same(told.get(watcher), [9000]);
});

t.test(
  'Bookmarks sleeps while nothing is due, and tells who is due together together',
  async (t) => {
    const { clock, bookmarks, sendCount } = newBookmarks();
    const watchers = Array.from({ length: 100 }, newWatcher);
    for (const watcher of watchers) bookmarks.add(watcher, 30_000);
    t.equal(clock.timerCount, 1);
    await clock.advance(28_500);
    t.equal(sendCount(), 0);
    await clock.advance(500);
    t.equal(sendCount(), 1, 'all of them, at once');
  },
);

t.test('Bookmarks forgets who is gone', async (t) => {
  const { clock, bookmarks, told } = newBookmarks();
  const [gone, stays] = [newWatcher(), newWatcher()];
  bookmarks.add(gone, null);
  bookmarks.add(stays, null);
  bookmarks.remove(gone);
  await clock.advance(120_000);
  t.same([told.has(gone), told.has(stays)], [false, true]);
  bookmarks.remove(stays);
  t.equal(clock.timerCount, 0);
});
