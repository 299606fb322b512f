import { mkdir, writeFile } from 'node:fs/promises';
import { adminToken } from '../../../test/e2e/kubectl/control-plane.js';
import { ServerClient } from '../server-client.js';
import {
  createDeployments,
  createNamespaces,
  createNodes,
  createPods,
  deleteAll,
} from './loads.js';
import type { ClusterBenchOptions } from './options.js';
import { PodCounter, type PodCounts } from './pod-counter.js';
import { Prober, type VerbLatency } from './prober.js';
import { type RequestCount, requestCounts, requestsSince } from './request-counts.js';
import { type ProcessUse, WholeCluster } from './whole-cluster.js';

/** What was found. Times are seconds from the beginning of the phase. */
export interface ClusterBenchResult {
  readonly options: ClusterBenchOptions;
  /** Until all nodes were ready and could be scheduled to. */
  readonly nodesReadySeconds: number;
  /** Until all pods had been seen in the watch, had a node, were running. */
  readonly createdSeconds: number;
  readonly boundSeconds: number;
  /** Null where nobody runs them. */
  readonly runningSeconds: number | null;
  readonly listMs: number;
  readonly listMiB: number;
  /** Until all pods were gone; null when they stay. */
  readonly deletedSeconds: number | null;
  readonly latencies: readonly VerbLatency[];
  /** Over the time from the first creation until all pods were done: running, or bound where nobody runs them. */
  readonly use: readonly ProcessUse[];
  /** What the API server answered in that time. */
  readonly requests: readonly RequestCount[];
}

const pollMs = 50;
const profileSeconds = 15;
const patienceMs = 900_000;

/** Runs one benchmark on a cluster of its own. Prints what it is at to standard error. */
export async function measure(options: ClusterBenchOptions): Promise<ClusterBenchResult> {
  const { kubernetes } = options;
  const cluster = await (kubernetes === null
    ? WholeCluster.start(options)
    : WholeCluster.startKubernetes(kubernetes, options));
  const client = new ServerClient(cluster.plane.url, adminToken, 8);
  const probes = new ServerClient(cluster.plane.url, adminToken, 1);
  let whole = cluster;
  try {
    await createNamespaces(client);
    const nodesFrom = performance.now();
    if (options.parts === 'all') whole = cluster.startNodes(options);
    else await createNodes(client, options.nodes);
    await untilNodesReady(client, whole, options.nodes);
    const nodesReadySeconds = secondsSince(nodesFrom);
    say(`${options.nodes} nodes are ready after ${nodesReadySeconds.toFixed(1)} s`);
    if (options.warmUpPods > 0) await warmUp(options, whole, client);
    return await new Run(options, whole, client, probes).run(nodesReadySeconds);
  } catch (error) {
    say(whole.report());
    throw error;
  } finally {
    client.close();
    probes.close();
    await whole.stop();
  }
}

class Run {
  readonly #options: ClusterBenchOptions;
  readonly #cluster: WholeCluster;
  readonly #client: ServerClient;
  readonly #probes: ServerClient;
  readonly #counter = new PodCounter();

  constructor(
    options: ClusterBenchOptions,
    cluster: WholeCluster,
    client: ServerClient,
    probes: ServerClient,
  ) {
    this.#options = options;
    this.#cluster = cluster;
    this.#client = client;
    this.#probes = probes;
  }

  async run(nodesReadySeconds: number): Promise<ClusterBenchResult> {
    const { pods, by, inFlight } = this.#options;
    await this.#counter.start(this.#client);
    const prober = new Prober(this.#probes);
    await prober.start();
    const requestsBefore = await requestCounts(this.#probes);
    const before = this.#cluster.use();
    const from = performance.now();
    const profile = this.#profile();
    const created =
      by === 'pods'
        ? createPods(this.#client, pods, 0, inFlight)
        : createDeployments(this.#client, pods);
    const [createdSeconds, boundSeconds, runningSeconds] = await Promise.all([
      this.#until('created', from),
      this.#until('bound', from),
      this.#options.parts === 'all' ? this.#until('running', from) : null,
      created,
    ]);
    const use = this.#usedSince(before);
    const requests = requestsSince(requestsBefore, await requestCounts(this.#probes));
    await profile;
    const latencies = await prober.stop();
    const { listMs, listMiB } = await this.#list();
    const deletedSeconds = this.#options.isDeleting ? await this.#delete() : null;
    this.#counter.stop();
    return {
      ...{ options: this.#options, nodesReadySeconds },
      ...{ createdSeconds, boundSeconds, runningSeconds, deletedSeconds },
      ...{ listMs, listMiB, latencies, use, requests },
    };
  }

  async #delete(): Promise<number> {
    const from = performance.now();
    await deleteAll(this.#client, this.#options.by);
    return this.#until('deleted', from);
  }

  /** Seconds until all pods are so far. */
  async #until(what: keyof PodCounts, from: number): Promise<number> {
    const { pods } = this.#options;
    await untilPods(this.#counter, { what, pods, from, cluster: this.#cluster });
    const seconds = secondsSince(from);
    say(`${pods} pods ${what} after ${seconds.toFixed(1)} s`);
    return seconds;
  }

  /** The other programs write theirs when they end. */
  async #profile(): Promise<void> {
    const { profileDir } = this.#options;
    if (profileDir === null) return;
    const path = `/debug/pprof/profile?seconds=${profileSeconds}`;
    const { body } = await this.#probes.ask('GET', path);
    await mkdir(`${profileDir}/apiserver`, { recursive: true });
    await writeFile(`${profileDir}/apiserver/CPU.cpuprofile`, body);
  }

  async #list(): Promise<{ readonly listMs: number; readonly listMiB: number }> {
    const times: number[] = [];
    let bytes = 0;
    for (let i = 0; i < 3; i++) {
      const from = performance.now();
      bytes = (await this.#client.ask('GET', '/api/v1/pods')).body.length;
      times.push(performance.now() - from);
    }
    times.sort((a, b) => a - b);
    return { listMs: times[1] ?? 0, listMiB: bytes / 2 ** 20 };
  }

  #usedSince(before: readonly ProcessUse[]): ProcessUse[] {
    return this.#cluster.use().map((use, at) => {
      const cpuSeconds = use.cpuSeconds - (before[at]?.cpuSeconds ?? 0);
      return { ...use, cpuSeconds };
    });
  }
}

/** Makes pods, waits until they are done, and deletes them. */
async function warmUp(
  { warmUpPods: pods, parts }: ClusterBenchOptions,
  cluster: WholeCluster,
  client: ServerClient,
): Promise<void> {
  const counter = new PodCounter();
  await counter.start(client);
  const from = performance.now();
  await createPods(client, pods);
  const what = parts === 'all' ? 'running' : 'bound';
  await untilPods(counter, { what, pods, from, cluster });
  await deleteAll(client, 'pods');
  await untilPods(counter, { what: 'deleted', pods, from, cluster });
  counter.stop();
  say(`warmed up with ${pods} pods in ${secondsSince(from).toFixed(1)} s`);
}

/** Waits until so many pods are so far. */
async function untilPods(
  counter: PodCounter,
  wait: {
    readonly what: keyof PodCounts;
    readonly pods: number;
    readonly from: number;
    readonly cluster: WholeCluster;
  },
): Promise<void> {
  const { what, pods, from, cluster } = wait;
  while (counter.counts[what] < pods) {
    if (performance.now() - from > patienceMs) {
      const counts = JSON.stringify(counter.counts);
      throw new Error(`not all of ${pods} pods are ${what}: ${counts}`);
    }
    cluster.use();
    await pause(pollMs);
  }
}

/** Ready, and without the taint that they begin with. */
async function untilNodesReady(
  client: ServerClient,
  cluster: WholeCluster,
  nodes: number,
): Promise<void> {
  const from = performance.now();
  for (;;) {
    const { body } = await client.ask('GET', '/api/v1/nodes?resourceVersion=0');
    const { items } = JSON.parse(body.toString()) as { items: NodeItem[] };
    const ready = items.filter(({ spec }) => (spec?.taints ?? []).length === 0);
    if (items.length === nodes && ready.length === nodes) return;
    if (performance.now() - from > patienceMs) {
      throw new Error(`${ready.length} of ${items.length} nodes are ready, ${nodes} are wanted`);
    }
    cluster.use();
    await pause(500);
  }
}

interface NodeItem {
  readonly spec?: { readonly taints?: readonly unknown[] };
}

function secondsSince(from: number): number {
  return (performance.now() - from) / 1000;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
