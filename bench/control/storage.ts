/**
 * The storage of the API server, without the server: `node --expose-gc dist/bench/control/storage.js [OBJECTS]`. One member of our
 * store in a process of its own; requests of this process, 64 at a time, with objects of about 2 KB in 50 namespaces. Processor time
 * is this process's alone: the store's is measured by the other benchmarks.
 */
import { setMaxListeners } from 'node:events';
import { Prng } from '../../src/base/prng.js';
import { connect } from '../../src/client/index.js';
import {
  type CachedStorage,
  type ListQuery,
  openCachedStorage,
  StoreConnection,
  type WatchQuery,
} from '../../src/control/apiserver/storage/index.js';
import type { KubeObject } from '../../src/control/machinery/object.js';
import { hostClock } from '../../src/host/clock.js';
import { TestCluster } from '../../test/client/server.js';
import { numberArgument } from '../arguments.js';
import { printRows, type ResultRow } from '../print-rows.js';

const concurrency = 64;
const objectsMax = 1_000_000;
const namespaces = 50;
const nodes = 100;

interface PodLike extends KubeObject {
  spec: { nodeName: string; containers: { name: string; image: string; env: object[] }[] };
  status: { phase: string; conditions: object[] };
}

async function main(objects: number): Promise<void> {
  const cluster = await TestCluster.start();
  const client = connect({ endpoints: cluster.endpoints });
  const store = new StoreConnection({ client, clock: hostClock, prng: new Prng(1) });
  const open = () => openPods(store);
  try {
    const storage = open();
    await storage.filled();
    const rows: ResultRow[] = [await creates(storage, objects)];
    rows.push(await filling(open, objects));
    rows.push(...(await requests(storage, objects)), ...(await lists(storage)));
    rows.push(await watching(storage, { watchers: 1000, perSecond: 200, seconds: 5 }));
    printRows(rows);
    await storage.close();
  } finally {
    await store.close();
    await client.close();
    await cluster.close();
  }
}

function openPods(store: StoreConnection): CachedStorage {
  return openCachedStorage({
    store,
    prefix: '/registry/pods',
    groupResource: { group: '', resource: 'pods' },
    isNamespaced: true,
    indexes: { node: (object) => [(object as PodLike).spec.nodeName] },
  });
}

function creates(storage: CachedStorage, objects: number): Promise<ResultRow> {
  const create = (i: number) => storage.create(podLike(i), { ttlSeconds: null });
  return loop('create', objects, create);
}

/** A second cache, as another replica has it. */
async function filling(open: () => CachedStorage, objects: number): Promise<ResultRow> {
  const before = memoryMiB();
  const start = performance.now();
  const cpu = process.cpuUsage();
  const storage = open();
  await storage.filled();
  const seconds = (performance.now() - start) / 1000;
  const cpuUs = cpuOf(cpu) / objects;
  const note = `${(((memoryMiB() - before) * 10_000) / objects).toFixed(1)} MiB for 10,000`;
  await storage.close();
  return { name: 'fill a cache', perSecond: objects / seconds, cpuUs, note };
}

async function requests(storage: CachedStorage, objects: number): Promise<ResultRow[]> {
  const count = Math.min(objects, 20_000);
  const at = (i: number) => placeOf((i * 7919) % objects);
  return [
    await loop('get, latest', count, (i) => storage.get(...at(i), { at: 'latest' })),
    await loop('get, any', count, (i) => storage.get(...at(i), { at: 'any' })),
    await loop('update', count, (i) => touch(storage, (i * 7919) % objects, i)),
  ];
}

async function lists(storage: CachedStorage): Promise<ResultRow[]> {
  const all = query({ freshness: { at: 'any' } });
  const isOnNode = (object: KubeObject) => (object as PodLike).spec.nodeName === 'node-7';
  const onNode = { filter: isOnNode, index: { index: 'node', value: 'node-7' } };
  const encode = async (page: ReturnType<CachedStorage['list']>) => {
    for (const item of (await page).items) item.json();
  };
  return [
    await loop('list of a namespace, latest', 2000, () =>
      storage.list(query({ namespace: 'ns-7' })),
    ),
    await loop('list of 500, any', 2000, () => storage.list({ ...all, limit: 500 })),
    await loop('list of a node by index, latest', 2000, () => storage.list(query(onNode))),
    await loop(
      'list of a node by scan, any',
      20,
      () => storage.list({ ...all, filter: isOnNode }),
      1,
    ),
    await loop('list of all, any', 20, () => storage.list(all), 1),
    await loop('list of all with JSON, any', 3, () => encode(storage.list(all)), 1),
  ];
}

/** Watchers of everything, with one filter, while objects change at a steady rate. */
async function watching(
  storage: CachedStorage,
  load: { readonly watchers: number; readonly perSecond: number; readonly seconds: number },
): Promise<ResultRow> {
  const abort = new AbortController();
  setMaxListeners(0, abort.signal);
  const { revision } = await storage.list(query({ limit: 1 }));
  const sentAtMs = new Map<number, number>();
  const latencies: number[] = [];
  let delivered = 0;
  const filterKey = 'running';
  const filter = (object: KubeObject) => (object as PodLike).status.phase === 'Running';
  const watch = async () => {
    const request: WatchQuery = {
      ...{ namespace: '', filter, filterKey, afterRevision: revision },
      ...{ sendInitialEvents: false, bookmarks: true },
    };
    for await (const batch of storage.watch(request, { signal: abort.signal })) {
      for (const event of batch) {
        if (event.type === 'bookmark') continue;
        event.item.json();
        delivered++;
        const sent = sentAtMs.get(Number(event.item.object.metadata.labels?.change));
        if (sent !== undefined) latencies.push(performance.now() - sent);
      }
    }
  };
  const watches = Array.from({ length: load.watchers }, watch);
  const total = load.perSecond * load.seconds;
  const start = performance.now();
  const cpu = process.cpuUsage();
  for (let i = 0; i < total; i++) {
    const dueMs = start + (i * 1000) / load.perSecond;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    // Numbers that no change before had: a write of the same content is none.
    const change = objectsMax + i;
    sentAtMs.set(change, performance.now());
    void touch(storage, i % 1000, change);
  }
  while (delivered < total * load.watchers) await new Promise((resolve) => setTimeout(resolve, 10));
  const seconds = (performance.now() - start) / 1000;
  const cpuUs = cpuOf(cpu) / delivered;
  abort.abort();
  await Promise.all(watches);
  latencies.sort((a, b) => a - b);
  return {
    name: `${load.watchers} watchers, ${load.perSecond} updates a second`,
    perSecond: delivered / seconds,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    maxMs: quantile(latencies, 1),
    cpuUs,
    note: `per event delivered; ${Math.round((cpuOf(cpu) / seconds / 1e6) * 100)}% of a processor`,
  };
}

function touch(storage: CachedStorage, i: number, change: number) {
  const write = async (current: KubeObject | undefined) => {
    const object = current as PodLike;
    object.metadata.labels = { ...object.metadata.labels, change: String(change) };
    return { object, ttlSeconds: null };
  };
  return storage.update(...placeOf(i), write, { preconditions: {}, mayCreate: false });
}

/** Runs an operation `count` times, some at a time. */
async function loop(
  name: string,
  count: number,
  operation: (i: number) => Promise<unknown>,
  atOnce: number = concurrency,
): Promise<ResultRow> {
  const latencies: number[] = [];
  let next = 0;
  const start = performance.now();
  const cpu = process.cpuUsage();
  const worker = async () => {
    while (next < count) {
      const beganMs = performance.now();
      await operation(next++);
      latencies.push(performance.now() - beganMs);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const seconds = (performance.now() - start) / 1000;
  const cpuUs = cpuOf(cpu) / count;
  latencies.sort((a, b) => a - b);
  return {
    name,
    perSecond: count / seconds,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    maxMs: quantile(latencies, 1),
    cpuUs,
  };
}

function query(parts: Partial<ListQuery>): ListQuery {
  const plain = { namespace: '', filter: null, limit: 0, afterKey: '' };
  return { ...plain, freshness: { at: 'latest' }, ...parts };
}

function placeOf(i: number): readonly [namespace: string, name: string] {
  return [`ns-${i % namespaces}`, `pod-${i}`];
}

/** About 2 KB of JSON. */
function podLike(i: number): PodLike {
  const [namespace, name] = placeOf(i);
  const env = Array.from({ length: 12 }, (_, at) => ({
    name: `VARIABLE_${at}`,
    value: `value ${i}`,
  }));
  const condition = (type: string) => {
    return { type, status: 'True', lastTransitionTime: '2026-01-02T03:04:05Z', reason: 'Because' };
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace,
      name,
      uid: `00000000-0000-0000-0000-${i}`,
      labels: { app: `app-${i % 20}` },
    },
    spec: {
      nodeName: `node-${i % nodes}`,
      containers: ['main', 'side'].map((each) => ({
        name: each,
        image: `registry.test/${each}`,
        env,
      })),
    },
    status: {
      phase: 'Running',
      conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map(condition),
    },
  };
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

function cpuOf(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return user + system;
}

/** What the process holds on to; garbage is counted too unless Node was started with --expose-gc. */
function memoryMiB(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

await main(numberArgument(10_000));
