/**
 * The API server as its clients see it: `node dist/bench/control/server.js [OBJECTS]`. A store of one member and an API server, each a
 * process, on loopback with TLS; requests over 8 HTTP/2 connections, 64 at a time, pods of about 2 KB in 50 namespaces. Processor time
 * and memory are the API server's.
 */
import { adminToken, ControlPlane } from '../../test/e2e/kubectl/control-plane.js';
import { numberArgument } from '../arguments.js';
import { printRows, type ResultRow } from '../print-rows.js';
import { processCpuUs, processMemory, ServerClient } from './server-client.js';

const namespaces = 50;
const nodes = 100;
const connections = 8;
const concurrency = 64;
const mergePatch = 'application/merge-patch+json';

async function main(objects: number): Promise<void> {
  const plane = await ControlPlane.start();
  const client = new ServerClient(plane.url, adminToken, connections);
  try {
    printRows(await new ServerBench(plane, client, objects).run());
  } finally {
    client.close();
    await plane.stop();
  }
}

class ServerBench {
  readonly #plane: ControlPlane;
  readonly #client: ServerClient;
  readonly #objects: number;

  constructor(plane: ControlPlane, client: ServerClient, objects: number) {
    this.#plane = plane;
    this.#client = client;
    this.#objects = objects;
  }

  async run(): Promise<ResultRow[]> {
    for (let i = 0; i < namespaces; i++) {
      const json = { metadata: { name: `ns-${i}` } };
      await this.#client.ask('POST', '/api/v1/namespaces', { json });
    }
    const before = processMemory(this.#pid).nowMiB;
    const rows = [await this.#creates()];
    const { nowMiB } = processMemory(this.#pid);
    const note = `${(((nowMiB - before) * 10_000) / this.#objects).toFixed(0)} MiB for 10,000 pods`;
    rows.push({ name: 'memory', note: `${note}; ${nowMiB.toFixed(0)} MiB in all` });
    rows.push(...(await this.#requests()), ...(await this.#lists()));
    const watchers = 1000;
    rows.push(await this.#watching({ watchers, perSecond: 200, seconds: 10, isOfOneNode: true }));
    rows.push(await this.#watching({ watchers, perSecond: 10, seconds: 10, isOfOneNode: false }));
    return rows;
  }

  get #pid(): number {
    const { pid } = this.#plane;
    if (pid === undefined) throw new Error('the API server ended');
    return pid;
  }

  #creates(): Promise<ResultRow> {
    return this.#loop('create', this.#objects, (i) => {
      const [namespace, name] = placeOf(i);
      return this.#client.ask('POST', podsOf(namespace), { json: pod(name, i) });
    });
  }

  async #requests(): Promise<ResultRow[]> {
    const count = Math.min(this.#objects, 10_000);
    const at = (i: number) => pathOf((i * 7919) % this.#objects);
    const label = (i: number) => ({ json: { metadata: { labels: { change: `${i}` } } } });
    return [
      await this.#loop('get', count, (i) => this.#client.ask('GET', at(i))),
      await this.#loop('get, any (resourceVersion=0)', count, (i) =>
        this.#client.ask('GET', `${at(i)}?resourceVersion=0`),
      ),
      await this.#loop('merge patch', count, (i) =>
        this.#client.ask('PATCH', at(i), { ...label(i), type: mergePatch }),
      ),
      await this.#loop('list of a namespace', 500, (i) =>
        this.#client.ask('GET', podsOf(`ns-${i % namespaces}`)),
      ),
    ];
  }

  async #lists(): Promise<ResultRow[]> {
    const all = `/api/v1/pods?resourceVersion=0`;
    const rows: ResultRow[] = [];
    for (const [name, path] of [
      [`list of all ${this.#objects}, any`, all],
      [`list of all ${this.#objects}, latest`, '/api/v1/pods'],
    ] as const) {
      let bytes = 0;
      const row = await this.#loop(
        name,
        5,
        async () => {
          bytes = (await this.#client.ask('GET', path)).body.length;
        },
        1,
      );
      const { nowMiB, mostMiB } = processMemory(this.#pid);
      const memory = `${nowMiB.toFixed(0)} MiB after, ${mostMiB.toFixed(0)} at most`;
      rows.push({ ...row, note: `${(bytes / 2 ** 20).toFixed(1)} MiB; memory ${memory}` });
    }
    rows.push(await this.#loop('pages of 500', 3, () => this.#pages(), 1));
    return rows;
  }

  async #pages(): Promise<void> {
    let next = '';
    do {
      const { body } = await this.#client.ask('GET', `/api/v1/pods?limit=500${next}`);
      const token = /"continue":"([^"]+)"/.exec(body.subarray(0, 2000).toString())?.[1];
      next = token === undefined ? '' : `&continue=${encodeURIComponent(token)}`;
    } while (next !== '');
  }

  /**
   * Watchers of all pods, or each of the pods of one node, while pods change at a steady rate. Latency is from sending the patch to each
   * watcher's reading of it.
   */
  async #watching(load: {
    readonly watchers: number;
    readonly perSecond: number;
    readonly seconds: number;
    readonly isOfOneNode: boolean;
  }): Promise<ResultRow> {
    const total = load.perSecond * load.seconds;
    const name = `${load.watchers} watchers of ${load.isOfOneNode ? 'a node' : 'all'}, ${load.perSecond} patches a second`;
    const expected = load.isOfOneNode ? (total * load.watchers) / nodes : total * load.watchers;
    const sentAtMs: number[] = [];
    const latencies: number[] = [];
    let delivered = 0;
    const { body } = await this.#client.ask('GET', '/api/v1/pods?limit=1');
    const version = /"resourceVersion":"(\d+)"/.exec(body.toString())?.[1];
    const path = `/api/v1/pods?watch=1&resourceVersion=${version}`;
    const mark = `${load.isOfOneNode ? 'node' : 'all'}-watched`;
    const marker = new RegExp(`"change":"${mark}-(\\d+)"`, 'g');
    const open = (_: unknown, i: number) => {
      let rest = '';
      const selector = load.isOfOneNode ? `&fieldSelector=spec.nodeName%3D${nodeOf(i)}` : '';
      return this.#client.watch(`${path}${selector}`, (chunk) => {
        const text = rest + chunk.toString('latin1');
        const end = text.lastIndexOf('\n') + 1;
        rest = text.slice(end);
        for (const [, index] of text.slice(0, end).matchAll(marker)) {
          delivered++;
          latencies.push(performance.now() - (sentAtMs[Number(index)] ?? 0));
        }
      });
    };
    const watches = await Promise.all(Array.from({ length: load.watchers }, open));
    const start = performance.now();
    const cpu = processCpuUs(this.#pid);
    const writes: Promise<unknown>[] = [];
    for (let i = 0; i < total; i++) {
      const waitMs = start + (i * 1000) / load.perSecond - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      sentAtMs[i] = performance.now();
      const json = { metadata: { labels: { change: `${mark}-${i}` } } };
      const write = this.#client.ask('PATCH', pathOf(i % this.#objects), {
        ...{ json, type: mergePatch },
      });
      writes.push(write);
    }
    await Promise.all(writes);
    const lateAtMs = performance.now() + 60_000;
    while (delivered < expected) {
      if (performance.now() > lateAtMs)
        throw new Error(`only ${delivered} of ${expected} events came`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const seconds = (performance.now() - start) / 1000;
    const cpuUs = processCpuUs(this.#pid) - cpu;
    for (const watch of watches) watch.close();
    const { nowMiB, mostMiB } = processMemory(this.#pid);
    return {
      name,
      perSecond: delivered / seconds,
      ...quantiles(latencies),
      cpuUs: cpuUs / delivered,
      note: `per event delivered; memory ${nowMiB.toFixed(0)} MiB, ${mostMiB.toFixed(0)} at most`,
    };
  }

  /** Runs an operation `count` times, some at a time. */
  async #loop(
    name: string,
    count: number,
    operation: (i: number) => Promise<unknown>,
    atOnce = concurrency,
  ): Promise<ResultRow> {
    const latencies: number[] = [];
    let next = 0;
    const start = performance.now();
    const cpu = processCpuUs(this.#pid);
    const worker = async () => {
      while (next < count) {
        const beganMs = performance.now();
        await operation(next++);
        latencies.push(performance.now() - beganMs);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    const seconds = (performance.now() - start) / 1000;
    const cpuUs = (processCpuUs(this.#pid) - cpu) / count;
    return { name, perSecond: count / seconds, ...quantiles(latencies), cpuUs };
  }
}

function quantiles(latencies: number[]): Pick<ResultRow, 'p50Ms' | 'p99Ms' | 'maxMs'> {
  latencies.sort((a, b) => a - b);
  const at = (part: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * part))] ?? 0;
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

function podsOf(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/pods`;
}

function placeOf(i: number): readonly [namespace: string, name: string] {
  return [`ns-${i % namespaces}`, `pod-${i}`];
}

function nodeOf(i: number): string {
  return `node-${i % nodes}`;
}

function pathOf(i: number): string {
  const [namespace, name] = placeOf(i);
  return `${podsOf(namespace)}/${name}`;
}

/** About 2 KB as it is stored. */
function pod(name: string, i: number) {
  const env = Array.from({ length: 6 }, (_, at) => ({ name: `VARIABLE_${at}`, value: `${i}` }));
  return {
    metadata: { name, labels: { app: `app-${i % 20}` } },
    spec: {
      nodeName: nodeOf(i),
      containers: ['main', 'side'].map((each) => ({
        name: each,
        image: `registry.test/${each}:1`,
        env,
      })),
    },
  };
}

await main(numberArgument(10_000));
