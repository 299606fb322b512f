import t, { type Test } from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import { CacheCounts } from '../../../../src/control/apiserver/storage/cache-counts.js';
import { watcherLimitsDefault } from '../../../../src/control/apiserver/storage/cache-watcher.js';
import { CurrencyCheck } from '../../../../src/control/apiserver/storage/currency-check.js';
import { windowLimitsDefault } from '../../../../src/control/apiserver/storage/event-window.js';
import {
  openCachedStorage,
  type StorageOptions,
} from '../../../../src/control/apiserver/storage/index.js';
import { ResourceKeys } from '../../../../src/control/apiserver/storage/resource-keys.js';
import { WatchCache } from '../../../../src/control/apiserver/storage/watch-cache.js';
import type { KubeObject } from '../../../../src/control/machinery/object.js';
import { hostClock } from '../../../../src/host/clock.js';
import { until } from '../../../client/until.js';
import { serveApi } from '../../../store/api/rig.js';
import { FlakyProxy } from './flaky-proxy.js';
import { itemOf } from './item.js';
import { connectStore, patientClient } from './store-rig.js';
import {
  colorOf,
  create,
  eventText,
  failureOf,
  isColor,
  listQuery,
  paint,
  pathsOf,
  remove,
  thing,
  Watching,
} from './things.js';

const prefix = '/registry/things';

/** A cache behind a proxy that can break, and a client of the store that is not behind it. */
async function startCache(t: Test, options: Partial<StorageOptions> = {}, version = '3.7.0') {
  const { endpoint, rig } = await serveApi(t);
  Object.assign(rig, { version: { flotilla: '0.1.0', etcd: version } });
  const proxy = await FlakyProxy.start(t, endpoint);
  const { store } = connectStore(t, proxy.endpoint);
  const others = patientClient(endpoint);
  t.teardown(() => others.close());
  const storage = openCachedStorage({
    store,
    prefix,
    groupResource: { group: 'test.dev', resource: 'things' },
    isNamespaced: true,
    ...options,
  });
  t.teardown(() => storage.close());
  await storage.filled();
  const put = async (path: string, value: string = JSON.stringify(thing(path))) =>
    (await others.kv.put(`${prefix}/${path}`, value)).header.revision;
  return { storage, rig, proxy, others, put, store };
}

t.test('CachedStorage: lists of a turn are confirmed by one read', async (t) => {
  const { storage, rig } = await startCache(t);
  await create(storage, thing('a/x'));
  const before = rig.barriers;
  const pages = await Promise.all(Array.from({ length: 50 }, () => storage.list(listQuery())));
  for (const page of pages) t.equal(page.items.length, 1);
  t.equal(rig.barriers, before + 1);
});

t.test('CachedStorage: a list after writes elsewhere asks how far the watch is', async (t) => {
  const { storage, others } = await startCache(t);
  const { header } = await others.kv.put('/registry/others/x', '1');
  const page = await storage.list(listQuery());
  t.ok(page.revision >= header.revision);
  const { revision } = (await others.kv.put('/registry/others/x', '2')).header;
  const freshness = { at: 'not-older', revision } as const;
  t.ok((await storage.list(listQuery({ freshness }))).revision >= revision);
});

t.test(
  'CachedStorage: a watch that has just begun does not keep others from knowing how far they are',
  async (t) => {
    const { storage, others, store } = await startCache(t);
    const { header } = await others.kv.put('/registry/others/x', '1');
    const groupResource = { group: 'test.dev', resource: 'others' };
    const options = { store, prefix: '/registry/others', groupResource, isNamespaced: false };
    const late = openCachedStorage(options);
    t.teardown(() => late.close());
    await late.filled().catch(() => {});
    await storage.list(listQuery());
    t.ok(storage.stats().revision >= header.revision, 'the store has said so');
  },
);

t.test(
  'CachedStorage: where progress answers cannot be relied on, memory is compared',
  async (t) => {
    const { storage, rig, put, others } = await startCache(t, {}, '3.4.23');
    await put('a/x');
    await put('a/y');
    t.same(pathsOf(await storage.list(listQuery())), ['a/x', 'a/y']);
    await others.kv.put('/registry/others/x', '1');
    const before = rig.barriers;
    const { revision } = storage.stats();
    const pages = await Promise.all(Array.from({ length: 20 }, () => storage.list(listQuery())));
    for (const page of pages) t.equal(page.revision, revision);
    t.equal(rig.barriers, before + 1, 'once for all');
    for (let i = 0; i < 20; i++) {
      await others.kv.delete(`${prefix}/a/x${i - 1}`);
      await put(`a/x${i}`);
      const paths = pathsOf(await storage.list(listQuery()));
      t.same(paths, ['a/x', `a/x${i}`, 'a/y'], 'the last write is there');
    }
  },
);

t.test('CurrencyCheck: sees whatever the cache lacks', async (t) => {
  const { endpoint } = await serveApi(t);
  const client = patientClient(endpoint);
  t.teardown(() => client.close());
  const keys = new ResourceKeys({ prefix, isNamespaced: true });
  const cache = new WatchCache({
    counts: new CacheCounts(),
    ...{ clock: hostClock, prng: new Prng(1), keys, indexes: {}, onBookmarks: () => {} },
    ...{ windowLimits: windowLimitsDefault, watcherLimits: watcherLimitsDefault },
  });
  const check = new CurrencyCheck({ client, clock: hostClock, keys, cache });
  const put = async (path: string) =>
    (await client.kv.put(`${prefix}/${path}`, '{}')).header.revision;
  const remove = async (path: string) => await client.kv.delete(`${prefix}/${path}`);
  const x = await put('a/x');
  const y = await put('a/y');
  cache.reset([itemOf('a/x', x), itemOf('a/y', y)], y);
  t.equal(await check.currentRevision(), y);
  await client.kv.put('/registry/things-else/x', '{}');
  t.equal(await check.currentRevision(), y, 'others do not matter');
  await put('a/z');
  t.equal(await check.currentRevision(), null, 'a creation');
  await remove('a/z');
  t.equal(await check.currentRevision(), y, 'which is undone');
  await remove('a/x');
  t.equal(await check.currentRevision(), null, 'a deletion');
  await put('a/x');
  t.equal(await check.currentRevision(), null, 'and something new in its place');
  const last = await put('a/y');
  cache.reset([itemOf('a/x', x), itemOf('a/y', last)], last);
  t.equal(await check.currentRevision(), last);
  const asked = check.currentRevision();
  await new Promise((resolve) => setImmediate(resolve));
  cache.apply([], last + 1);
  t.equal(await asked, null, 'a cache that moved while it was compared');
});

t.test('CachedStorage: reads of any age ask nobody, and share objects and JSON', async (t) => {
  const { storage, rig } = await startCache(t);
  const { revision } = await create(storage, thing('a/x'));
  await storage.list(listQuery({ freshness: { at: 'not-older', revision } }));
  const before = rig.barriers;
  const got = await storage.get('a', 'x', { at: 'any' });
  t.equal((await storage.get('a', 'x', { at: 'not-older', revision })).object, got.object);
  const [listed] = (await storage.list(listQuery({ freshness: { at: 'any' } }))).items;
  t.equal(rig.barriers, before);
  t.equal(listed?.json(), got.json());
  t.equal(
    (await storage.get('a', 'x', { at: 'latest' })).object,
    got.object,
    'nor is it decoded again',
  );
});

t.test('CachedStorage: an index hint leaves the rest alone', async (t) => {
  const indexes = { color: (object: Parameters<typeof colorOf>[0]) => [colorOf(object)] };
  const { storage } = await startCache(t, { indexes });
  for (let i = 0; i < 50; i++) {
    await create(storage, thing(`a/x${i}`, { color: i % 10 === 0 ? 'red' : 'blue' }));
  }
  let asked = 0;
  const filter = (object: Parameters<typeof colorOf>[0]) => {
    asked++;
    return isColor('red')(object);
  };
  const index = { index: 'color', value: 'red' };
  const page = await storage.list(listQuery({ filter, index }));
  t.same(pathsOf(page), ['a/x0', 'a/x10', 'a/x20', 'a/x30', 'a/x40']);
  t.equal(asked, 5);
  const watching = new Watching(storage, { filter, index, afterRevision: page.revision });
  const first = await paint(storage, 'a/x20', { color: 'green' });
  t.same(await watching.takeTexts(1), [`deleted a/x20@${first.revision} red`]);
  asked = 0;
  await paint(storage, 'a/x1', { color: 'green' });
  const painted = await paint(storage, 'a/x10', { color: 'green' });
  t.same(await watching.takeTexts(1), [`deleted a/x10@${painted.revision} red`]);
  t.equal(asked, 2, 'the change of another color is not looked at');
  await watching.close();
});

t.test(
  'CachedStorage: a watch that missed what is compacted begins anew, and watchers are told',
  async (t) => {
    const { storage, proxy, put, others } = await startCache(t);
    const first = await put('a/x');
    await put('a/y');
    const watching = new Watching(storage, { afterRevision: first - 1 });
    await watching.take(2);
    proxy.shut();
    await put('a/x', JSON.stringify(thing('a/x', { color: 'red' })));
    await others.kv.delete(`${prefix}/a/y`);
    const last = await put('a/z');
    await others.kv.compact(last);
    proxy.open();
    t.match(await failureOf(watching.untilEnd()), {
      message: new RegExp(`^too old resource version: \\d+ \\(${last}\\)$`),
      status: { code: 410, reason: 'Expired' },
    });
    const page = await storage.list(listQuery());
    t.same(
      page.items.map(({ object }) => [object.metadata.name, colorOf(object)]),
      [
        ['x', 'red'],
        ['z', ''],
      ],
    );
    const resumed = new Watching(storage, { afterRevision: page.revision });
    const next = await put('a/next');
    t.same(await resumed.takeTexts(1), [`added a/next@${next}`]);
    await resumed.close();
  },
);

t.test('CachedStorage: a broken connection is nothing that watchers see', async (t) => {
  const { storage, proxy, put } = await startCache(t);
  const watching = new Watching(storage, { afterRevision: (await put('a/x')) - 1 });
  await watching.take(1);
  proxy.shut();
  const revision = await put('a/y');
  proxy.open();
  t.same(await watching.takeTexts(1), [`added a/y@${revision}`]);
  await watching.close();
});

t.test('CachedStorage: a store of another history replaces all that is known', async (t) => {
  const { storage, proxy, put } = await startCache(t);
  for (let i = 0; i < 20; i++) await put(`a/x${i}`);
  const page = await storage.list(listQuery());
  t.equal(page.items.length, 20);
  const watching = new Watching(storage, { afterRevision: page.revision });
  const ended = failureOf(watching.untilEnd());
  const other = await serveApi(t);
  const client = patientClient(other.endpoint);
  t.teardown(() => client.close());
  await client.kv.put(`${prefix}/a/only`, JSON.stringify(thing('a/only')));
  proxy.retarget(other.endpoint);
  const paths = async () =>
    await storage.list(listQuery()).then(pathsOf, () => ['the store cannot be reached']);
  await until('the new history', async () => (await paths()).join() === 'a/only');
  t.match(await ended, { status: { code: 410 } });
  await until('the cache is of it', () => storage.stats().revision < page.revision);
  t.same(pathsOf(await storage.list(listQuery({ freshness: { at: 'any' } }))), ['a/only']);
});

t.test(
  'CachedStorage: what cannot be read is said, not left out, and is no deletion',
  async (t) => {
    const { storage, put } = await startCache(t);
    await put('a/x');
    const second = await put('a/y');
    const watching = new Watching(storage, { afterRevision: second });
    const ended = failureOf(watching.untilEnd());
    await put('a/x', 'no JSON');
    t.match(await ended, { status: { code: 410 } });
    const refusal = {
      message:
        /^Internal error occurred: .*unable to read what is stored at \/registry\/things\/a\/x: /,
      status: { code: 500, reason: 'InternalError' },
    };
    for (const at of ['latest', 'any'] as const) {
      t.match(await failureOf(storage.list(listQuery({ freshness: { at } }))), refusal);
      t.match(await failureOf(storage.get('a', 'x', { at })), refusal);
      t.equal((await storage.get('a', 'y', { at })).revision, second);
    }
    t.match(await failureOf(new Watching(storage).take(1)), refusal);
    await put('a/x');
    await until(
      'the list is whole',
      async () => (await storage.list(listQuery())).items.length === 2,
    );
  },
);

t.test('CachedStorage: a reader who does not read is left behind, others are not', async (t) => {
  const { storage } = await startCache(t, { watcherLimits: { eventsMax: 5, graceMs: 0 } });
  const { revision } = await create(storage, thing('a/x'));
  const slow = new Watching(storage, { afterRevision: revision });
  const fast = new Watching(storage, { afterRevision: revision });
  await paint(storage, 'a/x', { size: -1 });
  await Promise.all([slow.take(1), fast.take(1)]);
  for (let size = 0; size < 60; size++) {
    await paint(storage, 'a/x', { size });
    await fast.take(1);
  }
  t.same((await slow.untilEnd()).length, 0, 'the watch ends, to be resumed');
  t.equal(storage.stats().watchers, 1);
  await fast.close();
  t.equal(storage.stats().watchers, 0);
});

t.test('CachedStorage: initial events come in batches, filtered', async (t) => {
  const { storage, others } = await startCache(t);
  const total = 1200;
  const put = (_: unknown, i: number) => {
    const spec = { color: i % 2 === 0 ? 'red' : 'blue' };
    return others.kv.put(`${prefix}/a/x${i}`, JSON.stringify(thing(`a/x${i}`, spec)));
  };
  await Promise.all(Array.from({ length: total }, put));
  t.equal((await storage.list(listQuery())).items.length, total);
  const query = { filter: isColor('red'), sendInitialEvents: true, bookmarks: true };
  const watching = new Watching(storage, query);
  const events = await watching.take(total / 2 + 1);
  t.ok(events.slice(0, -1).every((event) => event.type === 'added'));
  t.match(eventText(events.at(-1)!), /^bookmark@\d+ end$/);
  await watching.close();
});

t.test('CachedStorage: without a store requests wait, then say 429', async (t) => {
  const { endpoint } = await serveApi(t);
  const proxy = await FlakyProxy.start(t, endpoint);
  proxy.shut();
  const { store } = connectStore(t, proxy.endpoint);
  const groupResource = { group: 'test.dev', resource: 'things' };
  const storage = openCachedStorage({ store, prefix, groupResource, isNamespaced: true });
  t.teardown(() => storage.close());
  const listing = storage.list(listQuery({ freshness: { at: 'any' } }));
  proxy.open();
  t.same(pathsOf(await listing), [], 'a request that came early is answered');
  proxy.shut();
  t.same(pathsOf(await storage.list(listQuery({ freshness: { at: 'any' } }))), [], 'from memory');
});

t.test('CachedStorage: after its end nothing is watched', async (t) => {
  const { storage } = await startCache(t);
  const created = await create(storage, thing('a/x'));
  await remove(storage, 'a/x');
  await storage.close();
  const watching = new Watching(storage, { afterRevision: created.revision });
  t.same(await watching.untilEnd(), []);
});

t.test(
  'CachedStorage: what it wrote itself is not decoded again; what others wrote is',
  async (t) => {
    let decoded = 0;
    const decode = (bytes: Uint8Array) => {
      decoded++;
      return JSON.parse(new TextDecoder().decode(bytes));
    };
    const { storage, put } = await startCache(t, { decode });
    const mine = await create(storage, thing('a/mine'));
    const theirs = await put('a/theirs');
    await put('a/mine', JSON.stringify({ ...thing('a/mine'), spec: { color: 'blue' } }));
    await until(
      'the cache has all',
      async () => (await storage.list(listQuery({ freshness: { at: 'any' } }))).revision > theirs,
    );
    t.equal(decoded, 2, 'theirs, and their change of mine');
    t.ok(mine.revision < theirs);
  },
);

t.test('CachedStorage: what it wrote itself is settled as what it reads', async (t) => {
  const settle = (object: KubeObject) => {
    object.metadata.labels ??= { settled: 'yes' };
  };
  const decode = (bytes: Uint8Array) => {
    const object = JSON.parse(new TextDecoder().decode(bytes)) as KubeObject;
    settle(object);
    return object;
  };
  const { storage } = await startCache(t, { decode, settle });
  const written = await create(storage, thing('a/x'));
  t.same(written.object.metadata.labels, { settled: 'yes' });
  t.match(new TextDecoder().decode(written.json()), /"settled":"yes"/);
  const read = await storage.get('a', 'x', { at: 'latest' });
  t.same(read.object, written.object);
});
