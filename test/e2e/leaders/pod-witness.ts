import { type Client, EventType, toText } from '../../../src/client/index.js';
import type { Node, Pod } from '../../../src/control/api/gen/core-v1.js';

const nodeKeys = '/registry/minions/';
const podKeys = '/registry/pods/';
/** Nodes and pods, and little between them: one watch tells of both in the order of their writes. */
const watched = { key: nodeKeys, rangeEnd: '/registry/pods0' };

/** What no moment of a rollout may break. */
export interface RolloutLimits {
  /** Pods of one Deployment that are not being deleted, at most. */
  readonly podsMax: number;
  /** Ready ones, at least, from {@link PodWitness.onComplete} on. */
  readonly readyMin: number;
  /** On one node. */
  readonly podsPerNode: number;
}

/** How many pods of one Deployment there are. */
export interface AppCounts {
  readonly live: number;
  /** Ready, by the version of their template. */
  readonly ready: ReadonlyMap<string, number>;
}

interface SeenPod {
  readonly uid: string;
  readonly app: string;
  readonly version: string;
  readonly node: string;
  readonly isLive: boolean;
  /** As the rollout left it: one that is lost counts. */
  readonly isReady: boolean;
  /** It was ready, and is not any more because its node was not heard of; until it is ready again, or goes. */
  readonly isLost: boolean;
}

/**
 * Follows every pod that is in the store, revision by revision (no revision is left out, whoever of the store's members dies), and notes
 * every moment that breaks the limits. A pod's Deployment is its label `app`, its template's version its label `version`. Pods whose node
 * is not heard of are told not to be ready by the controller of nodes, as Kubernetes has it: no rollout can help that, and it may only not
 * delete more of the others for it than the bounds let it.
 */
export class PodWitness {
  readonly violations: string[] = [];
  /** The revision of the first violation; null as long as there is none. */
  firstViolation: number | null = null;
  readonly #limits: RolloutLimits;
  readonly #pods = new Map<string, SeenPod>();
  readonly #live = new Map<string, number>();
  readonly #ready = new Map<string, number>();
  readonly #onNode = new Map<string, number>();
  /** Nodes that are not heard of. */
  readonly #lostNodes = new Set<string>();
  readonly #stop = new AbortController();
  #isComplete = false;
  #running: Promise<void> = Promise.resolve();
  /** Events of pods so far. */
  events = 0;
  /** How often a ready pod lost its node. */
  lostWithNode = 0;
  /** The most live pods of one Deployment, and the fewest ready ones. */
  liveMost = 0;
  readyFewest = Number.POSITIVE_INFINITY;

  constructor(limits: RolloutLimits) {
    this.#limits = limits;
  }

  /** Follows until {@link stop}. Resolves when nothing can be missed any more. */
  async start(client: Client): Promise<void> {
    const watcher = client.watch(watched, { signal: this.#stop.signal });
    await watcher.started;
    this.#running = (async () => {
      for await (const { events } of watcher) {
        for (const { type, kv } of events) {
          const key = toText(kv?.key ?? new Uint8Array());
          const object = type === EventType.DELETE ? null : JSON.parse(toText(kv!.value));
          this.onWrite(key, object, kv!.modRevision);
        }
      }
    })();
    // Told by stop().
    this.#running.catch(() => {});
  }

  /** Rejects when the watch has failed. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** All pods are there: from now on not too few may be ready. */
  onComplete(): void {
    this.#isComplete = true;
  }

  get bound(): number {
    return [...this.#pods.values()].filter(({ node }) => node !== '').length;
  }

  counts(app: string): AppCounts {
    const ready = new Map<string, number>();
    for (const pod of this.#pods.values()) {
      if (pod.app !== app || !pod.isReady) continue;
      ready.set(pod.version, (ready.get(pod.version) ?? 0) + 1);
    }
    return { live: this.#live.get(app) ?? 0, ready };
  }

  /** What was written to a key of the store, in order; null: it is gone. */
  onWrite(key: string, object: Node | Pod | null, revision: number): void {
    if (key.startsWith(nodeKeys)) {
      this.#onNodeChange(key.slice(nodeKeys.length), object as Node | null);
    }
    if (key.startsWith(podKeys)) this.#onPod(key, object as Pod | null, revision);
  }

  #onNodeChange(name: string, node: Node | null): void {
    const ready = node?.status?.conditions?.find(({ type }) => type === 'Ready');
    if (ready?.status === 'Unknown') this.#lostNodes.add(name);
    else this.#lostNodes.delete(name);
  }

  #onPod(key: string, pod: Pod | null, revision: number): void {
    this.events++;
    const before = this.#pods.get(key);
    const after = pod === null ? undefined : this.#judged(seen(pod), before);
    if (after === undefined) this.#pods.delete(key);
    else this.#pods.set(key, after);
    if (before !== undefined && before.uid === after?.uid && before.node !== after.node) {
      if (before.node !== '') {
        this.#note(`${key} moved from ${before.node} to ${after.node}`, revision);
      }
    }
    if (before !== undefined) this.#count(before, -1);
    if (after !== undefined) this.#count(after, 1);
    const app = after?.app ?? before?.app ?? '';
    if (app !== '') this.#check(app, after?.node ?? '', revision);
  }

  #judged(pod: SeenPod, before: SeenPod | undefined): SeenPod {
    const wasReady = before?.uid === pod.uid && before.isReady;
    if (!wasReady || pod.isReady || !pod.isLive) return pod;
    if (!before.isLost && !this.#lostNodes.has(pod.node)) return pod;
    if (!before.isLost) this.lostWithNode++;
    return { ...pod, isReady: true, isLost: true };
  }

  #count({ app, node, isLive, isReady }: SeenPod, by: 1 | -1): void {
    const add = (counts: Map<string, number>, key: string) =>
      counts.set(key, (counts.get(key) ?? 0) + by);
    if (isLive) add(this.#live, app);
    if (isReady) add(this.#ready, app);
    if (node !== '') add(this.#onNode, node);
  }

  #check(app: string, node: string, revision: number): void {
    const { podsMax, readyMin, podsPerNode } = this.#limits;
    const live = this.#live.get(app) ?? 0;
    const ready = this.#ready.get(app) ?? 0;
    const onNode = this.#onNode.get(node) ?? 0;
    this.liveMost = Math.max(this.liveMost, live);
    if (live > podsMax) this.#note(`${app} has ${live} pods, ${podsMax} at most`, revision);
    if (onNode > podsPerNode) this.#note(`${node} has ${onNode} pods`, revision);
    if (!this.#isComplete) return;
    this.readyFewest = Math.min(this.readyFewest, ready);
    if (ready < readyMin) this.#note(`${app} has ${ready} ready, ${readyMin} at least`, revision);
  }

  #note(what: string, revision: number): void {
    this.firstViolation ??= revision;
    if (this.violations.length < 50) this.violations.push(`${what}, at revision ${revision}`);
  }
}

function seen({ metadata, spec, status }: Pod): SeenPod {
  const { labels = {}, uid = '', deletionTimestamp } = metadata;
  const hasEnded = status?.phase === 'Succeeded' || status?.phase === 'Failed';
  const isLive = deletionTimestamp === undefined && !hasEnded;
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
  return {
    ...{ uid, app: labels.app ?? '', version: labels.version ?? '', node: spec?.nodeName ?? '' },
    ...{ isLive, isReady: ready && isLive, isLost: false },
  };
}
