import type { Clock } from '../../../../base/clock.js';
import type { Logger } from '../../../../base/logger.js';
import type { Prng } from '../../../../base/prng.js';
import type { Pod, PodStatus } from '../../../api/gen/core-v1.js';
import {
  type ControlClient,
  Informer,
  objectKey,
  resources,
  runWorkers,
  WorkQueue,
} from '../../../client/index.js';
import { deepEqual } from '../../../machinery/deep-equal.js';
import { StatusError } from '../../../machinery/status.js';
import type { SimulatedNode } from '../node/simulated-node.js';
import type { SimulatedPodSettings } from '../settings.js';
import { behaviourOf } from './behaviour.js';
import { keptPod } from './kept-pod.js';
import type { PodEventWriter } from './pod-events.js';
import { PodRun } from './pod-run.js';
import { podStatusOf, podStatusPatch } from './pod-status.js';

/** What pods are run with. */
export interface PodRunnerOptions {
  readonly client: ControlClient;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger: Logger;
  /** By name. */
  readonly nodes: ReadonlyMap<string, SimulatedNode>;
  readonly settings: SimulatedPodSettings;
  /** The address of the host of a node's pods. */
  readonly hostIp: (node: SimulatedNode) => string;
  /** Null: events are not written. */
  readonly events: PodEventWriter | null;
  readonly writers: number;
}

/** A pod of ours. */
interface OwnPod {
  readonly uid: string;
  readonly node: SimulatedNode;
  readonly run: PodRun;
  podIp: string;
  /** The revision of `run` that was written last; 0: none, or somebody else has changed it since. */
  written: number;
  /** The version that our last write made. */
  writtenVersion: number;
  /** Versions that our writes have made and the informer has not shown. */
  readonly unseen: Set<number>;
  /** What our last write made, until the informer has it; null then. */
  latest: Pod | null;
}

const boundPods = 'spec.nodeName!=';

/** Runs the pods of simulated nodes: tells each pod's run the time, and writes what it then looks like. */
export class PodRunner {
  readonly #options: PodRunnerOptions;
  readonly #queue: WorkQueue;
  readonly #pods: Informer<Pod>;
  /** By the pod's key. Invariant: the node is one of ours. */
  readonly #own = new Map<string, OwnPod>();

  constructor(options: PodRunnerOptions) {
    this.#options = options;
    this.#queue = new WorkQueue(options.clock, { baseMs: 100, maxMs: 10_000 });
    this.#pods = new Informer({
      ...options,
      objects: options.client.objects(resources.pods),
      selection: { fieldSelector: boundPods },
      keep: keptPod,
      indexes: { node: ({ spec }) => [spec?.nodeName ?? ''] },
    });
    this.#pods.addHandler({
      onAdd: (pod) => this.#onPod(pod),
      onUpdate: (before, pod) => this.#onChange(before, pod),
      onDelete: (pod) => this.#onGone(pod),
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    const { writers, logger } = this.#options;
    const reconcile = (key: string) => this.#reconcile(key, signal);
    await Promise.all([
      this.#pods.run(signal),
      runWorkers({ queue: this.#queue, workers: writers, logger, reconcile, signal }),
    ]);
  }

  /** The node works again, or for the first time: its pods go on. */
  wake(node: SimulatedNode): void {
    for (const pod of this.#pods.lister.byIndex('node', node.name)) this.#onPod(pod);
  }

  /** How many pods are on nodes of the fleet. */
  get size(): number {
    return this.#own.size;
  }

  #onPod(pod: Pod): void {
    if (this.#options.nodes.has(pod.spec?.nodeName ?? '')) this.#queue.add(objectKey(pod));
  }

  /**
   * What we wrote ourselves comes back too: nothing is to be done about it, unless it shows what others have done before. That may
   * come late: a pod that was deleted just before our write has a version below it.
   */
  #onChange(before: Pod, pod: Pod): void {
    const own = this.#own.get(objectKey(pod));
    const version = Number(pod.metadata.resourceVersion);
    if (own === undefined || version > own.writtenVersion) {
      if (own !== undefined) own.latest = null;
      this.#onPod(pod);
      return;
    }
    if (version === own.writtenVersion) own.latest = null;
    const isOwn = own.unseen.delete(version);
    // Our write may have been on top of what it did not know.
    if (!isOwn) own.written = 0;
    if (!isOwn || !hasSameMetadata(before, pod)) this.#onPod(pod);
  }

  #onGone(pod: Pod): void {
    const key = objectKey(pod);
    const own = this.#own.get(key);
    if (own === undefined || own.uid !== pod.metadata.uid) return;
    own.node.addresses.giveBack(own.podIp);
    this.#own.delete(key);
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const pod = this.#pods.lister.byKey(key);
    const node = this.#options.nodes.get(pod?.spec?.nodeName ?? '');
    if (pod === undefined || node === undefined) return;
    if (!node.isRunning || node.registered === null) return;
    const nowMs = this.#options.clock.wallTime();
    const own = this.#ownOf(key, pod, node, nowMs);
    const { run } = own;
    const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = pod.metadata;
    if (deletionTimestamp !== undefined) run.stop(nowMs, deletionGracePeriodSeconds);
    const nextMs = run.advance(nowMs);
    if (nextMs !== null) this.#queue.addAfter(key, Math.max(1, nextMs - nowMs));
    this.#tell(pod, own);
    const isNews = own.written !== run.revision || this.#isOverwritten(pod, own, nowMs);
    if (isNews && !run.wasOver) await this.#write(pod, own, nowMs, signal);
    if (deletionTimestamp !== undefined && (run.isStopped || run.isOver)) {
      await this.#remove(pod, signal);
    }
  }

  #ownOf(key: string, pod: Pod, node: SimulatedNode, nowMs: number): OwnPod {
    const { settings, prng } = this.#options;
    const { uid = '' } = pod.metadata;
    const known = this.#own.get(key);
    const behaviour = behaviourOf(pod, settings, prng);
    if (known !== undefined && known.uid === uid && known.node === node) {
      known.run.behave(behaviour);
      return known;
    }
    const run = new PodRun(pod, behaviour, nowMs);
    const podIp = pod.status?.podIP ?? '';
    if (podIp !== '') node.addresses.claim(podIp);
    const unseen = new Set<number>();
    const own = { uid, node, run, podIp, written: 0, writtenVersion: 0, unseen, latest: null };
    // Somebody wrote it before us: ourselves, before a restart. What is there already is not written again.
    if (pod.status?.startTime !== undefined) own.written = run.revision;
    this.#own.set(key, own);
    return own;
  }

  /** The status is not what we wrote: somebody took a node that was away for lost, say. */
  #isOverwritten(pod: Pod, own: OwnPod, nowMs: number): boolean {
    const { resourceVersion } = pod.metadata;
    if (Number(resourceVersion) <= own.writtenVersion) return false;
    const wanted = this.#statusOf(pod, own, nowMs);
    const isKept = wanted.conditions?.every(({ type, status }) =>
      pod.status?.conditions?.some((each) => each.type === type && each.status === status),
    );
    return !(
      isKept === true &&
      pod.status?.phase === wanted.phase &&
      deepEqual(pod.status?.containerStatuses, wanted.containerStatuses)
    );
  }

  #tell(pod: Pod, { run, node }: OwnPod): void {
    if (run.news.length === 0) return;
    this.#options.events?.write(pod, node.name, run.news);
    run.news = [];
  }

  #statusOf(pod: Pod, own: OwnPod, nowMs: number): PodStatus {
    const placement = { hostIp: this.#options.hostIp(own.node), podIp: own.podIp };
    return podStatusOf({ pod, run: own.run, placement, nowMs });
  }

  async #write(pod: Pod, own: OwnPod, nowMs: number, signal: AbortSignal): Promise<void> {
    const { run, node } = own;
    if (run.hasSandbox && own.podIp === '') {
      const isOfHost = pod.spec?.hostNetwork === true;
      own.podIp = isOfHost ? this.#options.hostIp(node) : node.addresses.take();
    }
    const { revision } = run;
    const before = own.latest ?? pod;
    const patch = podStatusPatch(before, this.#statusOf(before, own, nowMs));
    const { name = '', namespace = '' } = pod.metadata;
    try {
      const written = await this.#options.client
        .objects(resources.pods)
        .patch({ namespace, name }, 'strategic', patch, { subresource: 'status', signal });
      own.written = revision;
      own.writtenVersion = Number(written.metadata.resourceVersion);
      const known = Number(this.#pods.lister.byKey(objectKey(pod))?.metadata.resourceVersion);
      own.latest = known >= own.writtenVersion ? null : keptPod(written);
      for (const version of own.unseen) if (version <= known) own.unseen.delete(version);
      if (own.latest !== null) own.unseen.add(own.writtenVersion);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  async #remove(pod: Pod, signal: AbortSignal): Promise<void> {
    const { name = '', namespace = '', uid = '' } = pod.metadata;
    const options = { gracePeriodSeconds: 0, preconditions: { uid }, signal };
    try {
      await this.#options.client.objects(resources.pods).delete({ namespace, name }, options);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
}

/** It is not there any more, or another of its name is: the informer will tell. */
function isGone(error: unknown): boolean {
  return error instanceof StatusError && (error.reason === 'NotFound' || error.code === 409);
}

/** Nobody has deleted it meanwhile, or told the simulation otherwise. */
function hasSameMetadata({ metadata: a }: Pod, { metadata: b }: Pod): boolean {
  return (
    a.deletionTimestamp === b.deletionTimestamp &&
    a.deletionGracePeriodSeconds === b.deletionGracePeriodSeconds &&
    deepEqual(a.annotations, b.annotations)
  );
}
