import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import { CacheCounts } from '../../../../src/control/apiserver/storage/cache-counts.js';
import { pickPage } from '../../../../src/control/apiserver/storage/cache-page.js';
import type { CacheWatcher } from '../../../../src/control/apiserver/storage/cache-watcher.js';
import type {
  ListQuery,
  StorageEvent,
  WatchQuery,
} from '../../../../src/control/apiserver/storage/index.js';
import { type Update, WatchCache } from '../../../../src/control/apiserver/storage/watch-cache.js';
import { FakeClock, settled } from '../../../client/fake-channel.js';
import { HistoryModel, stateText, type View } from './history-model.js';
import { itemOf, thingKeys } from './item.js';
import { colorOf, eventText, isColor, listQuery, watchQuery } from './things.js';

const colors = ['red', 'green', 'blue'];
const roomy = { changesMin: 1, changesMax: 1e6, bytesMax: 1e9, keepMs: 1e9 };
const patient = { eventsMax: 1e6, graceMs: 1e9 };

function cacheWith(
  clock: FakeClock,
  options: Partial<ConstructorParameters<typeof WatchCache>[0]> = {},
): WatchCache {
  return new WatchCache({
    counts: new CacheCounts(),
    clock,
    prng: new Prng(1),
    keys: thingKeys,
    indexes: { color: (object) => [colorOf(object)] },
    windowLimits: roomy,
    watcherLimits: patient,
    onBookmarks: () => {},
    ...options,
  });
}

/** A cache and the model of it, changed together. */
class Twin {
  readonly cache: WatchCache;
  readonly model = new HistoryModel();
  readonly #prng: Prng;
  readonly #there = new Set<string>();
  revision = 10;

  constructor(cache: WatchCache, prng: Prng) {
    this.cache = cache;
    this.#prng = prng;
    cache.reset([], this.revision);
  }

  /** One revision more, with one change or a few. */
  step(): void {
    this.revision += this.#prng.int(1, 3);
    const updates: Update[] = [];
    const count = this.#prng.chance(0.1) ? 3 : 1;
    const paths = new Set<string>();
    while (paths.size < count) {
      paths.add(`${this.#prng.pick(['a', 'b', 'a-'])}/x${this.#prng.int(0, 8)}`);
    }
    for (const path of paths) updates.push(this.#update(path));
    this.cache.apply(updates, this.revision);
  }

  #update(path: string): Update {
    const { revision } = this;
    const isGone = this.#there.has(path) && this.#prng.chance(0.3);
    const item = isGone
      ? null
      : itemOf(path, revision, { spec: { color: this.#prng.pick(colors) } });
    if (isGone) this.#there.delete(path);
    else this.#there.add(path);
    this.model.steps.push({ revision, path, object: item?.object ?? null });
    return { key: path, revision, item };
  }
}

function randomView(prng: Prng): View & Pick<ListQuery, 'index'> {
  const color = prng.pick(colors);
  const namespace = prng.pick(['', '', 'a', 'b']);
  switch (prng.int(0, 4)) {
    case 0:
      return { namespace, filter: null };
    case 1:
      return { namespace, filter: isColor(color) };
    case 2:
      return { namespace, filter: isColor(color), index: { index: 'color', value: color } };
    default:
      return { namespace, name: `x${prng.int(0, 8)}`, filter: null };
  }
}

t.test('WatchCache: lists of any revision in the window are what the model says', async (t) => {
  for (let seed = 1; seed <= 15; seed++) {
    const prng = new Prng(seed);
    const clock = new FakeClock();
    const twin = new Twin(cacheWith(clock), prng);
    for (let i = 0; i < 150; i++) {
      twin.step();
      const { namespace, name, filter, index } = randomView(prng);
      const view = { namespace, filter, ...(name === undefined ? {} : { name }) };
      const revision = prng.chance(0.3) ? twin.revision : prng.int(10, twin.revision + 1);
      const expected = twin.model.stateAt(revision, view);
      const limit = prng.int(0, 5);
      const query = { ...view, limit, ...(index === undefined ? {} : { index }) };
      const seen: string[] = [];
      let afterKey = '';
      for (;;) {
        const pageQuery = listQuery({ ...query, afterKey });
        const looseName = thingKeys.looseNameOf(pageQuery);
        const source = twin.cache.source(pageQuery, revision)!;
        const page = await pickPage(clock, source, { query: pageQuery, looseName });
        seen.push(...page.items.map(stateText));
        if (page.remainingCount !== null && page.remainingCount !== expected.length - seen.length) {
          t.fail(`seed ${seed}: ${page.remainingCount} left, not ${expected.length - seen.length}`);
        }
        if (page.nextKey === null) break;
        afterKey = page.nextKey;
      }
      if (seen.join() !== expected.join()) {
        t.fail(`seed ${seed}, step ${i}: at ${revision} ${seen}; expected ${expected}`);
        return;
      }
    }
  }
  t.pass('all lists are the same');
});

t.test('WatchCache: watchers of any scope see what the model says, each once', async (t) => {
  for (let seed = 1; seed <= 15; seed++) {
    const prng = new Prng(seed);
    const clock = new FakeClock();
    const twin = new Twin(cacheWith(clock), prng);
    const watches: { view: View; after: number; watcher: CacheWatcher; seen: string[] }[] = [];
    for (let i = 0; i < 200; i++) {
      // Some turns bring several revisions, and watchers come before and after their dispatch.
      if (prng.chance(0.5)) await settled();
      twin.step();
      if (!prng.chance(0.2)) continue;
      const { index, ...view } = randomView(prng);
      const after = prng.int(10, twin.revision + 1);
      const query: Partial<WatchQuery> = { ...view, ...(index === undefined ? {} : { index }) };
      const { watcher, missed } = twin.cache.attach(watchQuery(query), {
        afterRevision: after,
        timeoutMs: null,
      });
      watches.push({ view, after, watcher, seen: missed.map(shortText) });
    }
    // Many watchers are told a little later.
    await clock.advance(100);
    for (const { view, after, watcher, seen } of watches) {
      seen.push(...(await drained(watcher)).map(shortText));
      const expected = twin.model.eventsAfter(after, view);
      if (seen.join() !== expected.join()) {
        t.fail(`seed ${seed}: after ${after} ${seen}; expected ${expected}`);
        return;
      }
    }
  }
  t.pass('all watches are the same');
});

t.test('WatchCache: watchers of one filter share batches and events', async (t) => {
  const cache = cacheWith(new FakeClock());
  cache.reset([], 1);
  const attach = (query: Partial<WatchQuery>) =>
    cache.attach(watchQuery(query), { afterRevision: 1, timeoutMs: null }).watcher;
  const red = () => ({ filter: isColor('red'), filterKey: 'color=red' });
  const [first, second, plain] = [attach(red()), attach(red()), attach({})];
  cache.apply([{ key: 'a/x', revision: 2, item: itemOf('a/x', 2, { spec: { color: 'red' } }) }], 2);
  await settled();
  const [ofFirst] = await batchesOf(first);
  const [ofSecond] = await batchesOf(second);
  const [ofPlain] = await batchesOf(plain);
  t.ok(ofFirst !== undefined);
  t.equal(ofFirst, ofSecond);
  t.equal(ofFirst![0], ofPlain![0], 'the event is one for all filters');
});

t.test('WatchCache: what comes in a turn is one batch', async (t) => {
  const cache = cacheWith(new FakeClock());
  cache.reset([], 1);
  const { watcher } = cache.attach(watchQuery(), { afterRevision: 1, timeoutMs: null });
  for (let i = 2; i < 12; i++)
    cache.apply([{ key: 'a/x', revision: i, item: itemOf('a/x', i) }], i);
  await settled();
  const batches = await batchesOf(watcher);
  t.equal(batches.length, 1);
  t.equal(batches[0]!.length, 10);
});

t.test(
  'WatchCache: a watch from before the window is 410, from its floor it is whole',
  async (t) => {
    const cache = cacheWith(new FakeClock(), { windowLimits: { ...roomy, changesMax: 2 } });
    cache.reset([], 5);
    const attach = (afterRevision: number) =>
      cache.attach(watchQuery(), { afterRevision, timeoutMs: null }).missed.map(shortText);
    t.throws(() => attach(4), { message: 'too old resource version: 4 (5)', code: 410 });
    for (let i = 6; i <= 9; i++)
      cache.apply([{ key: 'a/x', revision: i, item: itemOf('a/x', i) }], i);
    t.throws(() => attach(6), {
      message: 'too old resource version: 6 (7)',
      code: 410,
      reason: 'Expired',
    });
    t.same(attach(7), ['modified a/x@8', 'modified a/x@9']);
    t.throws(() => attach(10), { code: 410 });
  },
);

t.test('WatchCache: a new state ends watches with 410 and is all that lists show', async (t) => {
  const clock = new FakeClock();
  const cache = cacheWith(clock);
  cache.reset([itemOf('a/x', 3)], 5);
  const { watcher } = cache.attach(watchQuery(), { afterRevision: 5, timeoutMs: null });
  cache.reset([itemOf('a/y', 8)], 9);
  await t.rejects(
    watcher.next(() => 0),
    { message: 'too old resource version: 5 (9)', code: 410 },
  );
  t.equal(cache.watcherCount, 0);
  t.equal(cache.get('a/x'), undefined);
  t.equal(cache.source(listQuery(), 6), null, 'what was between is not known');
  t.same(cache.source(listQuery())?.items.map(stateText), ['a/y@8']);
});

t.test(
  'WatchCache: waits end when the revision is reached, or when their time is up',
  async (t) => {
    const clock = new FakeClock();
    const cache = cacheWith(clock);
    const filled = cache.reached(0, { timeoutMs: 100 });
    cache.reset([], 5);
    t.equal(await filled, true);
    const soon = cache.reached(7, { timeoutMs: 100 });
    const late = cache.reached(9, { timeoutMs: 100 });
    const aborting = new AbortController();
    const aborted = cache.reached(9, { timeoutMs: null, signal: aborting.signal });
    cache.apply([], 8);
    t.equal(await soon, true);
    await clock.advance(100);
    t.equal(await late, false);
    aborting.abort();
    t.equal(await aborted, false);
    const closing = cache.reached(99, { timeoutMs: null });
    cache.close();
    t.equal(await closing, false);
    t.equal(await cache.reached(99, { timeoutMs: null }), false);
  },
);

t.test(
  'WatchCache: bookmarks come about once a minute and before the end, behind all events',
  async (t) => {
    const clock = new FakeClock();
    let asked = 0;
    const cache = cacheWith(clock, {
      onBookmarks: () => {
        asked++;
      },
    });
    cache.reset([], 5);
    const attach = (bookmarks: boolean, timeoutMs: number | null) =>
      cache.attach(watchQuery({ bookmarks }), { afterRevision: 5, timeoutMs }).watcher;
    const [endless, short, none] = [
      attach(true, null),
      attach(true, 30_000),
      attach(false, 30_000),
    ];
    await clock.advance(27_000);
    t.same(await drained(short), []);
    await clock.advance(2000);
    t.same((await drained(short)).map(eventText), ['bookmark@5'], 'two seconds before the end');
    cache.detach(short);
    await clock.advance(16_000 - 1000);
    cache.apply([{ key: 'a/x', revision: 6, item: itemOf('a/x', 6) }], 6);
    await clock.advance(17_000);
    t.same((await drained(endless)).map(eventText), ['added a/x@6', 'bookmark@6']);
    await clock.advance(61_000);
    t.same((await drained(endless)).map(eventText), ['bookmark@6']);
    t.same((await drained(none)).map(eventText), ['added a/x@6']);
    t.equal(asked, 3);
  },
);

/** `type path@revision`. */
function shortText(event: StorageEvent): string {
  return eventText(event).split(' ').slice(0, 2).join(' ');
}

/** The batches that wait. */
async function batchesOf(watcher: CacheWatcher): Promise<(readonly StorageEvent[])[]> {
  const batches: (readonly StorageEvent[])[] = [];
  while (watcher.hasBatches) {
    const batch = await watcher.next(() => 0);
    if (batch === null) break;
    batches.push(batch);
  }
  return batches;
}

async function drained(watcher: CacheWatcher): Promise<StorageEvent[]> {
  return (await batchesOf(watcher)).flat();
}
