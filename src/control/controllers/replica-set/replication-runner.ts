import { defined } from '../../../base/assert.js';
import { isPodActive, isPodTerminal } from '../../api/core-v1/pod/pod-state.js';
import type { Pod } from '../../api/gen/core-v1.js';
import {
  Expectations,
  type Informer,
  namespaceIndex,
  objectKey,
  resources,
  WorkQueue,
} from '../../client/index.js';
import type { KubeObject } from '../../machinery/object.js';
import type { Controller, ControllerParts } from '../controller.js';
import {
  candidatesOf,
  claimObjects,
  controllerOf,
  controllerUidIndex,
  countReadiness,
  isControlledBy,
  isListed,
  ownedObjectHandler,
  ownerIndexes,
  ownerKeys,
  PodControl,
  podFromTemplate,
  slowStart,
} from '../pods/index.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { ignoreNotFound, isNamespaceTerminating, isNotFound } from '../runtime/write-failures.js';
import { planReplicas } from './plan.js';
import type { ReplicationKind, ReplicationObject } from './replication.js';
import { replicationStatus } from './status.js';

/** How many pods of one object are made or deleted in one go. */
const burst = 500;

/** Keeps as many pods as objects of a kind want: makes those that lack, deletes those that are too many, and tells how far it is. */
export class ReplicationRunner<T extends ReplicationObject> implements Controller {
  readonly name: string;
  readonly #kind: ReplicationKind<T>;
  readonly #parts: ControllerParts;
  readonly #workers: number;
  readonly #queue: WorkQueue;
  readonly #owners: Informer<T>;
  readonly #pods: Informer<Pod>;
  readonly #expectations: Expectations;
  readonly #control: PodControl;

  constructor(kind: ReplicationKind<T>, parts: ControllerParts, workers: number) {
    this.name = kind.controllerName;
    this.#kind = kind;
    this.#parts = parts;
    this.#workers = workers;
    this.#queue = new WorkQueue(parts.clock);
    this.#expectations = new Expectations(parts.clock);
    this.#control = new PodControl(parts);
    this.#owners = parts.informers.of(kind.resource, { indexes: ownerIndexes });
    this.#pods = parts.informers.of(resources.pods, { indexes: ownerIndexes });
    this.#follow();
  }

  async run(signal: AbortSignal): Promise<void> {
    await reconcileLoop({
      parts: this.#parts,
      name: this.#kind.queueName,
      queue: this.#queue,
      informers: [this.#owners, this.#pods],
      workers: this.#workers,
      reconcile: (key) => this.#reconcile(key, signal),
      signal,
    });
  }

  #follow(): void {
    this.#owners.addHandler({
      onAdd: (owner) => this.#queue.add(objectKey(owner)),
      onUpdate: (_, owner) => this.#queue.add(objectKey(owner)),
      onDelete: (owner) => {
        this.#expectations.forget(objectKey(owner));
        this.#queue.add(objectKey(owner));
      },
    });
    this.#pods.addHandler(
      ownedObjectHandler<Pod>({
        keyOf: ownerKeys(this.#kind.resource, this.#owners.lister),
        keysWanting: (pod) => this.#keysWanting(pod),
        enqueue: (key) => this.#queue.add(key),
        onCreated: (key) => this.#expectations.onCreated(key),
        onDeleted: (key, pod) => this.#expectations.onDeleted(key, pod.metadata.uid ?? ''),
      }),
    );
  }

  #keysWanting({ metadata }: Pod): readonly string[] {
    return this.#owners.lister
      .byIndex(namespaceIndex, metadata.namespace ?? '')
      .filter((owner) => this.#kind.read(owner).selector.matches(metadata.labels))
      .map(objectKey);
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const owner = this.#owners.lister.byKey(key);
    if (owner === undefined) {
      this.#expectations.forget(key);
      return;
    }
    const isSettled = this.#expectations.isFulfilled(key);
    const replication = this.#kind.read(owner);
    const candidates = candidatesOf(this.#pods.lister, owner).filter((pod) => !isPodTerminal(pod));
    const pods = await claimObjects(
      {
        owner,
        owners: this.#parts.client.objects(this.#kind.resource),
        objects: this.#parts.client.objects(resources.pods),
        matches: ({ metadata }) => replication.selector.matches(metadata.labels),
        candidates: candidates.filter(isPodActive),
      },
      { signal },
    );
    const isGoing = owner.metadata.deletionTimestamp !== undefined;
    const failure = isSettled && !isGoing ? await this.#manage(owner, pods, signal) : null;
    const terminating = candidates.filter(
      (pod) => pod.metadata.deletionTimestamp !== undefined && isControlledBy(pod, owner),
    ).length;
    await this.#report(owner, { pods, terminating, failure }, signal);
    if (failure !== null) throw failure;
  }

  /** Why pods could not be made or deleted; null when they could. */
  async #manage(owner: T, pods: readonly Pod[], signal: AbortSignal): Promise<unknown> {
    const plan = planReplicas({
      replicas: this.#kind.read(owner).replicas,
      pods,
      relatedPods: () => this.#relatedPods(owner),
      nowMs: this.#parts.clock.wallTime(),
      burst,
    });
    if (plan.create > 0) return this.#create(owner, plan.create, signal);
    if (plan.remove.length > 0) return this.#remove(owner, plan.remove, signal);
    return null;
  }

  async #create(owner: T, count: number, signal: AbortSignal): Promise<unknown> {
    const key = objectKey(owner);
    const { template } = this.#kind.read(owner);
    this.#expectations.expect(key, { creations: count });
    let [attempted, terminatingError] = [0, null as unknown];
    const { error } = await slowStart(count, async () => {
      attempted++;
      try {
        await this.#control.create(owner, podFromTemplate(template, owner), { signal });
      } catch (error) {
        this.#expectations.onCreated(key);
        // Nothing more can be made there, and trying again is no use; the batch ends all the same.
        if (isNamespaceTerminating(error)) terminatingError = error;
        throw error;
      }
    });
    for (let skipped = attempted; skipped < count; skipped++) this.#expectations.onCreated(key);
    return error === terminatingError ? null : error;
  }

  async #remove(owner: T, pods: readonly Pod[], signal: AbortSignal): Promise<unknown> {
    const key = objectKey(owner);
    const deletions = pods.map(({ metadata }) => defined(metadata.uid));
    this.#expectations.expect(key, { deletions });
    let failure: unknown = null;
    await Promise.all(
      pods.map(async (pod) => {
        try {
          await this.#control.delete(owner, pod, { signal });
        } catch (error) {
          // As long as the cache shows one that is gone, it would be counted as one too many.
          if (isNotFound(error) && isListed(this.#pods.lister, pod)) return;
          this.#expectations.onDeleted(key, pod.metadata.uid ?? '');
          if (!isNotFound(error)) failure ??= error;
        }
      }),
    );
    return failure;
  }

  /** Pods of all objects that have the same controller: a rollout's, for a ReplicaSet. */
  #relatedPods(owner: T): readonly Pod[] {
    const uid = controllerOf(owner)?.uid;
    const siblings: readonly KubeObject[] =
      uid === undefined ? [owner] : this.#owners.lister.byIndex(controllerUidIndex, uid);
    return siblings
      .flatMap(({ metadata }) => this.#pods.lister.byIndex(controllerUidIndex, metadata.uid ?? ''))
      .filter(isPodActive);
  }

  async #report(
    owner: T,
    found: {
      readonly pods: readonly Pod[];
      readonly terminating: number;
      readonly failure: unknown;
    },
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, client } = this.#parts;
    const replication = this.#kind.read(owner);
    const nowMs = clock.wallTime();
    const readiness = countReadiness(found.pods, replication.minReadySeconds, nowMs);
    const status = replicationStatus(owner.status, {
      ...{ replication, readiness, nowMs },
      pods: found.pods,
      terminating: this.#kind.countsTerminating ? found.terminating : null,
      generation: owner.metadata.generation ?? 0,
      failure: found.failure === null ? null : textOf(found.failure),
    });
    if (status !== owner.status) {
      await client
        .objects(this.#kind.resource)
        .updateStatus({ ...owner, status }, { signal })
        .catch(ignoreNotFound);
    }
    const wakeInMs = readiness.nextAvailableInMs;
    if (wakeInMs !== null) this.#queue.addAfter(objectKey(owner), wakeInMs);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
