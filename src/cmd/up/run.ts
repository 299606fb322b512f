import { join } from 'node:path';
import type { Clock } from '../../base/clock.js';
import type { Console } from './console.js';
import { type ClusterFolder, openFolder } from './folder.js';
import { describeMember, storeSteps } from './guide.js';
import { Kubernetes } from './kubernetes.js';
import { NetworkClaims } from './network-claims.js';
import { type ClusterPlan, endpointOf, type NodeRuntime } from './plan.js';
import { planFor } from './plan-cluster.js';
import { ProgramSet } from './program-set.js';
import { RunningPrograms } from './running-programs.js';
import { StoreMembers } from './store-members.js';

export { UpError } from './up-error.js';

/** What `flotilla up` was asked for. */
export interface UpOptions {
  readonly dataDir: string;
  /** Wanted for a new cluster; null: the usual ones. */
  readonly ports: readonly number[] | null;
  /** No API server. */
  readonly isStoreOnly: boolean;
  /** API servers, and schedulers and controller managers, of which one each leads. */
  readonly replicas: number;
  /** Null: as in the last run, else one. */
  readonly nodes: number | null;
  /** Null: as in the last run, else processes. */
  readonly runtime: NodeRuntime | null;
  /** Of a new cluster, whether it has addresses of IPv6 too; null: as it is, at first not. */
  readonly hasIpv6: boolean | null;
  /** Nodes without machines. */
  readonly simulatedNodes: number;
  /** An address of this machine that has the node ports of nodes in namespaces too; null: none. */
  readonly nodePortsHost: string | null;
  /** A kubeconfig that the administrator's is merged into; null: none. */
  readonly mergeInto: string | null;
  /** How the reader started us, for the lines to paste. */
  readonly invocation: string;
  readonly clock: Clock;
  readonly console: Console;
  /** Aborted when the programs are to stop. */
  readonly stop: AbortSignal;
  /** Aborted when they are to stop at once. */
  readonly stopNow: AbortSignal;
}

/** Runs a cluster until told to stop; resolves when all of it has ended. Throws {@link UpError}, FolderError or UsageError. */
export async function runCluster(options: UpOptions): Promise<void> {
  const folder = await openFolder(options.dataDir);
  const claims = new NetworkClaims();
  try {
    const runningFile = join(folder.path, 'running.json');
    const running = new RunningPrograms(runningFile, options.console.bad);
    const left = await running.endLeft(options.clock);
    if (left.length > 0) {
      options.console.bad(`ended what an earlier run left behind: ${left.join(', ')}`);
    }
    await new ClusterRun({ folder, running, claims }, options).run();
  } finally {
    await claims.release();
    await folder.release();
  }
}

/** What a run is given to itself. */
interface RunParts {
  readonly folder: ClusterFolder;
  readonly running: RunningPrograms;
  readonly claims: NetworkClaims;
}

/** One run of a cluster. */
class ClusterRun {
  readonly #folder: ClusterFolder;
  readonly #running: RunningPrograms;
  readonly #claims: NetworkClaims;
  readonly #options: UpOptions;
  readonly #programs: ProgramSet;
  /** Aborted when the run is over: told to stop, or something failed. */
  readonly #ended = new AbortController();
  /** Work beside the run; awaited before it returns. */
  readonly #tasks = new Set<Promise<void>>();
  #failure: unknown = null;

  constructor({ folder, running, claims }: RunParts, options: UpOptions) {
    this.#folder = folder;
    this.#running = running;
    this.#claims = claims;
    this.#options = options;
    const { clock, console } = options;
    this.#programs = new ProgramSet({
      ...{ dir: folder.path, clock, console, running, ended: this.#ended.signal },
      onUnstartable: (error) => this.#fail(error),
    });
  }

  async run(): Promise<void> {
    const { console, stop, stopNow } = this.#options;
    const plan = await planFor(this.#folder, { ...this.#options, claims: this.#claims });
    for (const member of plan.members) console.line(describeMember(member, this.#folder.path));
    if (stop.aborted) return;
    stop.addEventListener('abort', () => this.#ended.abort(), { once: true });
    stopNow.addEventListener('abort', () => this.#programs.kill(), { once: true });
    const store = this.#storeOf(plan);
    // The networks of nodes and the credentials are made while the store comes up.
    const preparing = this.#prepareKubernetes(plan);
    try {
      await this.#start(plan, store, preparing);
      await aborted(this.#ended.signal);
    } catch (error) {
      // Whoever is told to stop may give up halfway.
      if (!this.#ended.signal.aborted) this.#failure ??= error;
    }
    this.#ended.abort();
    console.line('stopping');
    await (await preparing.catch(() => null))?.stop();
    await store.stop();
    await Promise.all(this.#tasks);
    await this.#running.flush();
    if (this.#failure !== null) throw this.#failure;
  }

  async #start(
    plan: ClusterPlan,
    store: StoreMembers,
    preparing: Promise<Kubernetes | null>,
  ): Promise<void> {
    const { console, invocation } = this.#options;
    const [isServing, kubernetes] = await Promise.all([store.start(), preparing]);
    if (!isServing) return;
    console.line(`endpoints: ${plan.members.map(endpointOf).join(',')}`);
    await kubernetes?.start();
    if (kubernetes !== null) {
      this.#addTask(kubernetes.renewCertificates());
      this.#addTask(kubernetes.serveNodePorts());
    }
    if (this.#ended.signal.aborted) return;
    for (const line of storeSteps(plan, store.pids, invocation)) console.line(line);
  }

  #storeOf(plan: ClusterPlan): StoreMembers {
    const { clock, console } = this.#options;
    return new StoreMembers({
      ...{ plan, dir: this.#folder.path, programs: this.#programs, clock, console },
      ended: this.#ended.signal,
      addTask: (work) => this.#addTask(work),
    });
  }

  async #prepareKubernetes(plan: ClusterPlan): Promise<Kubernetes | null> {
    const { apiPort, network } = plan;
    if (apiPort === null || network === null) return null;
    const { clock, console, replicas, stopNow, simulatedNodes, mergeInto, nodePortsHost } =
      this.#options;
    return Kubernetes.prepare({
      ...{ plan, apiPort, network, replicas, simulatedNodes, mergeInto, clock, console, stopNow },
      ...{ dir: this.#folder.path, programs: this.#programs, ended: this.#ended.signal },
      nodePortsHost,
    });
  }

  /** What fails beside the run ends it. */
  #addTask(work: Promise<void>): void {
    const task = work.catch((error: unknown) => this.#fail(error));
    this.#tasks.add(task);
    void task.then(() => this.#tasks.delete(task));
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#ended.abort();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
