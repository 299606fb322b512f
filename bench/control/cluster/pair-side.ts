import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ServerClient } from '../server-client.js';
import type { ClusterParts } from './options.js';
import type { PodCounter } from './pod-counter.js';
import type { WholeCluster } from './whole-cluster.js';

const connections = 8;
const pollMs = 5;
/** What follows the last pod's running: events, the last watches. */
const settleMs = 150;
const nodePollMs = 500;

/** How pods are made, and when they are done. */
interface PairLoad {
  readonly create: (client: ServerClient, count: number, from: number) => Promise<void>;
  readonly last: 'bound' | 'running';
}

/** One of two clusters that are compared, run by the programs and the benchmark of a folder. */
export class PairSide {
  readonly #cluster: WholeCluster;
  readonly #client: ServerClient;
  readonly #counter: PodCounter;
  readonly #load: PairLoad;
  #made = 0;

  private constructor(
    cluster: WholeCluster,
    client: ServerClient,
    counter: PodCounter,
    load: PairLoad,
  ) {
    this.#cluster = cluster;
    this.#client = client;
    this.#counter = counter;
    this.#load = load;
  }

  /** Starts the cluster of a folder. Resolves when its nodes are ready. */
  static async start(
    folder: string,
    { nodes, parts }: { readonly nodes: number; readonly parts: ClusterParts },
  ): Promise<PairSide> {
    const load = (path: string) => import(pathToFileURL(join(resolve(folder), 'dist', path)).href);
    const { WholeCluster } = await load('bench/control/cluster/whole-cluster.js');
    const { ServerClient } = await load('bench/control/server-client.js');
    const { PodCounter } = await load('bench/control/cluster/pod-counter.js');
    const { createNamespaces, createNodes, createPods } = await load(
      'bench/control/cluster/loads.js',
    );
    const { adminToken } = await load('test/e2e/kubectl/control-plane.js');
    const options = { parts, nodes, leaseSeconds: 40, startMs: 0, profileDir: null };
    const plane = await WholeCluster.start(options);
    const client = new ServerClient(plane.plane.url, adminToken, connections);
    await createNamespaces(client);
    const cluster = parts === 'all' ? plane.startNodes(options) : plane;
    if (parts === 'scheduling') await createNodes(client, nodes);
    await untilNodesReady(client, nodes);
    const counter = new PodCounter();
    await counter.start(client);
    return new PairSide(cluster, client, counter, {
      create: createPods,
      last: parts === 'all' ? 'running' : 'bound',
    });
  }

  /** Makes pods. Resolves, when they run, with what each process has used for one, milliseconds. */
  async turn(pods: number): Promise<Map<string, number>> {
    const before = this.#cluster.use();
    await this.#load.create(this.#client, pods, this.#made);
    this.#made += pods;
    while (this.#counter.counts[this.#load.last] < this.#made) await pause(pollMs);
    await pause(settleMs);
    const costs = new Map<string, number>();
    let sum = 0;
    for (const [at, { name, cpuSeconds }] of this.#cluster.use().entries()) {
      if (name === 'this program') continue;
      const cost = ((cpuSeconds - (before[at]?.cpuSeconds ?? 0)) * 1000) / pods;
      const group = name.replace(/ \d+$/, '');
      costs.set(group, (costs.get(group) ?? 0) + cost);
      sum += cost;
    }
    return costs.set('all', sum);
  }

  /** What each process has in memory. */
  memory(): string {
    return this.#cluster
      .use()
      .map(({ name, memoryMiB }) => `${name} ${memoryMiB.toFixed(0)} MiB`)
      .join(', ');
  }

  async stop(): Promise<void> {
    this.#counter.stop();
    this.#client.close();
    await this.#cluster.stop();
  }
}

async function untilNodesReady(client: ServerClient, nodes: number): Promise<void> {
  for (;;) {
    const { body } = await client.ask('GET', '/api/v1/nodes?resourceVersion=0');
    const { items } = JSON.parse(body.toString()) as { items: NodeItem[] };
    const ready = items.filter(({ spec }) => (spec?.taints ?? []).length === 0);
    if (items.length === nodes && ready.length === nodes) return;
    await pause(nodePollMs);
  }
}

interface NodeItem {
  readonly spec?: { readonly taints?: readonly unknown[] };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
