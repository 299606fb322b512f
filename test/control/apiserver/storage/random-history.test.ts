import t, { type Test } from 'tap';
import { setVerify } from '../../../../src/base/assert.js';
import { Prng } from '../../../../src/base/prng.js';
import { type Client, EventType } from '../../../../src/client/index.js';
import {
  type OpenStorage,
  openStorage,
  type StorageOptions,
} from '../../../../src/control/apiserver/storage/index.js';
import type { KubeObject } from '../../../../src/control/machinery/object.js';
import { StatusError } from '../../../../src/control/machinery/status.js';
import { until } from '../../../client/until.js';
import { FlakyProxy } from './flaky-proxy.js';
import { HistoryModel, stateText, type View } from './history-model.js';
import { HistoryWatcher } from './history-watcher.js';
import {
  connectStore,
  patientClient,
  type StoreKind,
  skipReason,
  startStore,
} from './store-rig.js';
import { colorOf, isColor, listQuery, pathOf, type Thing, thing } from './things.js';

setVerify(true);

const writersMax = 6;
const writes = 50;
const colors = ['red', 'green', 'blue'];
const paths = ['a', 'b', 'c'].flatMap((namespace) =>
  Array.from({ length: 5 }, (_, i) => `${namespace}/x${i}`),
);
/** How a write may end when connections break: refused by what others wrote, or nobody knows. */
const expectedCodes = new Set([404, 409, 500, 504]);

const seeds = process.env.STORAGE_SEED
  ? [Number(process.env.STORAGE_SEED)]
  : [7, Date.now() % 10_000_000];

for (const kind of ['flotilla', 'etcd'] satisfies StoreKind[]) {
  t.test(`random histories on ${kind}`, { skip: skipReason(kind) }, async (t) => {
    const endpoint = await startStore(t, kind);
    for (const seed of seeds) {
      await t.test(`a random history (replay with STORAGE_SEED=${seed})`, (t) =>
        runHistory(t, { endpoint, kind, seed }),
      );
    }
  });
}

async function runHistory(
  t: Test,
  {
    endpoint,
    kind,
    seed,
  }: { readonly endpoint: string; readonly kind: StoreKind; readonly seed: number },
): Promise<void> {
  const prng = new Prng(seed);
  const prefix = `/registry/random-${seed}`;
  const truth = patientClient(endpoint);
  t.teardown(() => truth.close());
  const { header } = await truth.kv.get('nothing');
  const recording = new Recording(truth, prefix, header.revision);
  const world = await openWorld(t, endpoint, prefix, prng);
  const watchers = Array.from({ length: 12 }, () => randomWatcher(world.storages, prng.fork()));
  let acknowledged = 0;
  const problems: string[] = [];
  const lists: { revision: number; floor: number; view: View; seen: string[] }[] = [];

  const write = async (own: Prng) => {
    for (let i = 0; i < writes; i++) {
      const revision = await randomWrite(own.pick(world.storages), own);
      acknowledged = Math.max(acknowledged, revision);
    }
  };
  const list = async (own: Prng) => {
    for (let i = 0; i < writes / 3; i++) {
      const view = randomView(own);
      const storage = own.pick(world.storages);
      const floor = acknowledged;
      const seen = await pagedList(storage, view, own.int(0, 4));
      if (seen === null) continue;
      lists.push({ view, floor, ...seen });
    }
  };
  const compactions = new Compactions(truth, kind);
  let isOver = false;
  const disturb = async (own: Prng) => {
    while (!isOver) {
      await new Promise((resolve) => setTimeout(resolve, own.int(5, 80)));
      await disturbOnce(own, world.proxies, compactions, watchers);
    }
  };
  const disturbing = disturb(prng.fork());
  await Promise.all([
    ...Array.from({ length: writersMax }, () => write(prng.fork())),
    ...[1, 2].map(() => list(prng.fork())),
  ]);
  isOver = true;
  await disturbing;

  const end = await truth.kv.put(`${prefix}/z/end`, JSON.stringify(thing('z/end')));
  const model = await recording.until(end.header.revision);
  const isDone = () =>
    watchers.every((watcher) => watcher.problem(model, { isComplete: true }) === null);
  await until('watchers have seen all', isDone, 60_000).catch(() => {});
  for (const watcher of watchers) {
    problems.push(watcher.problem(model, { isComplete: true }) ?? '');
    await watcher.close();
  }
  for (const { revision, floor, view, seen } of lists) {
    const expected = model.stateAt(revision, view);
    // A list may be of an earlier revision if nothing is different since.
    if (revision < floor && model.stateAt(floor, view).join() !== expected.join()) {
      problems.push(`a list of ${revision} came after ${floor} was answered`);
    }
    if (seen.join() !== expected.join()) {
      problems.push(`a list of ${revision} has ${seen}; expected ${expected}`);
    }
  }
  t.same(
    problems.filter((problem) => problem !== ''),
    [],
  );
  const expired = watchers.reduce((sum, watcher) => sum + watcher.expired, 0);
  const segments = watchers.reduce((sum, watcher) => sum + watcher.segments.length, 0);
  t.comment(
    `${model.steps.length} steps, ${lists.length} lists, ${segments} watches, ${expired} expired`,
  );
  t.ok(model.steps.length > 50, 'something happened');
  t.ok(lists.length > 5, 'lists were answered');
}

/** Two replicas over connections that break, with caches that remember little, and the store itself. */
async function openWorld(t: Test, endpoint: string, prefix: string, prng: Prng) {
  const proxies: FlakyProxy[] = [];
  const storages: OpenStorage[] = [];
  const cacheLimits = (changesMax: number): Partial<StorageOptions> => ({
    windowLimits: { changesMin: 10, changesMax, bytesMax: 1_000_000, keepMs: 1000 },
    watcherLimits: { eventsMax: 40, graceMs: 5 },
    indexes: { color: (object) => [colorOf(object)] },
  });
  for (const changesMax of [40, 1000]) {
    const proxy = await FlakyProxy.start(t, endpoint);
    proxies.push(proxy);
    const { store } = connectStore(t, proxy.endpoint, { prng: prng.fork() });
    const options = {
      store,
      prefix,
      groupResource: { group: 'test.dev', resource: 'things' },
      isNamespaced: true,
    };
    const cached = openStorage({ ...options, cached: true, ...cacheLimits(changesMax) });
    const direct = openStorage({ ...options, cached: false });
    await cached.filled();
    storages.push(cached, cached, direct);
    t.teardown(async () => {
      await cached.close();
      await direct.close();
    });
  }
  return { proxies, storages };
}

/** Lets the store forget. */
class Compactions {
  readonly #truth: Client;
  readonly #isExact: boolean;
  /** Of etcd: revisions that wrote no object. */
  readonly #marks: number[] = [];

  constructor(truth: Client, kind: StoreKind) {
    this.#truth = truth;
    this.#isExact = kind === 'flotilla';
  }

  /**
   * Forgets what was before the revision that is now, or so many before it. With etcd it is one that wrote no object: versions of it
   * lose a deletion to who watches from the very revision to which they are compacted (etcd-io/etcd, issue 18089).
   */
  async compact(back = 0): Promise<void> {
    const { kv } = this.#truth;
    const { header } = await (this.#isExact ? kv.get('nothing') : kv.put('mark', ''));
    this.#marks.push(header.revision);
    const wanted = Math.max(1, header.revision - back);
    const revision = this.#isExact ? wanted : this.#marks.findLast((mark) => mark <= wanted);
    // The recording watch is synced to the store's end within a turn or two: it needs nothing of what goes.
    if (revision !== undefined) await this.#truth.kv.compact(revision).catch(() => {});
  }
}

async function disturbOnce(
  prng: Prng,
  proxies: readonly FlakyProxy[],
  compactions: Compactions,
  watchers: readonly HistoryWatcher[],
): Promise<void> {
  const proxy = prng.pick(proxies);
  switch (prng.int(0, 6)) {
    case 0:
      proxy.drop();
      return;
    case 1:
      proxy.shut();
      await new Promise((resolve) => setTimeout(resolve, prng.int(20, 200)));
      // What the replica has missed by now may be gone when it comes back.
      if (prng.chance(0.7)) await compactions.compact();
      proxy.open();
      return;
    case 2:
      await compactions.compact(prng.int(0, 60));
      return;
    default:
      prng.pick(watchers).interrupt();
  }
}

function randomView(prng: Prng): View {
  const namespace = prng.pick(['', '', 'a', 'b']);
  const filter = prng.chance(0.5) ? isColor(prng.pick(colors)) : null;
  return prng.chance(0.2)
    ? { namespace, name: `x${prng.int(0, 5)}`, filter }
    : { namespace, filter };
}

function randomWatcher(storages: readonly OpenStorage[], prng: Prng): HistoryWatcher {
  const color = prng.pick(colors);
  const isIndexed = prng.chance(0.3);
  const view = isIndexed ? { namespace: '', filter: isColor(color) } : randomView(prng);
  const query = isIndexed
    ? { filterKey: `color=${color}`, index: { index: 'color', value: color } }
    : {};
  return new HistoryWatcher({ storages, view, query, prng });
}

/** The revision that the write has surely reached; 0 when that is not known. */
async function randomWrite(storage: OpenStorage, prng: Prng): Promise<number> {
  const path = prng.pick(paths);
  const { namespace = '', name = '' } = thing(path).metadata;
  const spec = { color: prng.pick(colors), size: prng.int(0, 3) };
  const change = async (current: KubeObject | undefined) => ({
    object: { ...(current ?? thing(path)), spec } as Thing,
    ttlSeconds: null,
  });
  try {
    switch (prng.int(0, 5)) {
      case 0:
        return (await storage.create(thing(path, spec), { ttlSeconds: null })).revision;
      case 1: {
        const options = { preconditions: {}, check: async () => {} };
        return (await storage.delete(namespace, name, options)).revision;
      }
      default: {
        const options = { preconditions: {}, mayCreate: prng.chance(0.5) };
        return (await storage.update(namespace, name, change, options)).revision;
      }
    }
  } catch (error) {
    if (!(error instanceof StatusError) || !expectedCodes.has(error.code)) throw error;
    return 0;
  }
}

/** All pages of a list at one revision; null when the store could not be reached, or forgot the revision on the way. */
async function pagedList(
  storage: OpenStorage,
  view: View,
  limit: number,
): Promise<{ revision: number; seen: string[] } | null> {
  try {
    let page = await storage.list(listQuery({ ...view, limit }));
    const { revision } = page;
    const seen = page.items.map(stateText);
    while (page.nextKey !== null) {
      const freshness = { at: 'exact', revision } as const;
      page = await storage.list(listQuery({ ...view, limit, freshness, afterKey: page.nextKey }));
      seen.push(...page.items.map(stateText));
    }
    return { revision, seen };
  } catch (error) {
    if (!(error instanceof StatusError) || ![410, 429, 500, 504].includes(error.code)) throw error;
    return null;
  }
}

/** The whole history of a prefix, from a connection that does not break. */
class Recording {
  readonly #model = new HistoryModel();
  #revision = 0;

  constructor(client: Client, prefix: string, after: number) {
    void this.#record(client, prefix, after);
  }

  async until(revision: number): Promise<HistoryModel> {
    await until('the whole history', () => this.#revision >= revision);
    return this.#model;
  }

  async #record(client: Client, prefix: string, after: number): Promise<void> {
    const watcher = client.watch({ prefix: `${prefix}/` }, { startRevision: after + 1 });
    try {
      for await (const { events, revision } of watcher) {
        for (const { kv, type } of events) {
          const path = Buffer.from(kv!.key)
            .toString()
            .slice(prefix.length + 1);
          const isGone = type === EventType.DELETE;
          const object = isGone
            ? null
            : (JSON.parse(Buffer.from(kv!.value).toString()) as KubeObject);
          if (object !== null && pathOf(object) !== path) throw new Error(`${path} has another`);
          this.#model.steps.push({ revision: kv!.modRevision, path, object });
        }
        this.#revision = revision;
      }
    } catch {
      // The client was closed at the end of the test; a recording that stopped earlier fails `until`.
    }
  }
}
