import { defined } from '../../../base/assert.js';
import type { DaemonSet } from '../../api/gen/apps-v1.js';
import type { Node, Pod } from '../../api/gen/core-v1.js';
import {
  Expectations,
  type Informer,
  namespaceIndex,
  objectKey,
  resources,
  WorkQueue,
} from '../../client/index.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import { labelSelectorOf } from '../../machinery/label-selector.js';
import type { Controller, ControllerParts } from '../controller.js';
import { planTruncation } from '../controller-revision/plan.js';
import { type PresentRevision, RevisionHistory } from '../controller-revision/revision-history.js';
import {
  candidatesOf,
  claimObjects,
  countReadiness,
  isListed,
  ownedObjectHandler,
  ownerIndexes,
  ownerKeys,
  PodControl,
  sameStatus,
  slowStart,
} from '../pods/index.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { ignoreNotFound, isNamespaceTerminating, isNotFound } from '../runtime/write-failures.js';
import { hashLabel, newDaemonPod, nodeJudge } from './daemon-pod.js';
import type { DaemonState } from './daemon-state.js';
import { FailureBackoff } from './failure-backoff.js';
import { type DaemonPlan, planDaemonSet } from './plan.js';
import { daemonSetStatus } from './status.js';

/** How many pods of one set are made, and how many deleted, in one go. */
const burst = 250;
const historyLimitDefault = 10;

/** Keeps a pod on every node that a set wants one on. */
export class DaemonSetController implements Controller {
  readonly name = 'daemonset-controller';
  readonly #parts: ControllerParts;
  readonly #workers: number;
  readonly #queue: WorkQueue;
  readonly #sets: Informer<DaemonSet>;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #history: RevisionHistory<DaemonSet>;
  readonly #expectations: Expectations;
  readonly #control: PodControl;
  readonly #backoff = new FailureBackoff();

  constructor(parts: ControllerParts, workers: number) {
    const { client, clock, informers } = parts;
    this.#parts = parts;
    this.#workers = workers;
    this.#queue = new WorkQueue(clock);
    this.#expectations = new Expectations(clock);
    this.#control = new PodControl(parts);
    this.#sets = informers.of(resources.daemonSets);
    this.#pods = informers.of(resources.pods, { indexes: ownerIndexes });
    this.#nodes = informers.of(resources.nodes);
    const owners = client.objects(resources.daemonSets);
    this.#history = new RevisionHistory({ parts, owners, hashLabel });
    this.#followSets();
    this.#followNodes();
  }

  async run(signal: AbortSignal): Promise<void> {
    await reconcileLoop({
      parts: this.#parts,
      name: 'daemonset',
      queue: this.#queue,
      informers: [this.#sets, this.#pods, this.#nodes, this.#history.informer],
      workers: this.#workers,
      reconcile: (key) => this.#reconcile(key, signal),
      signal,
    });
  }

  #followSets(): void {
    const enqueue = (set: DaemonSet) => this.#queue.add(objectKey(set));
    this.#sets.addHandler({
      onAdd: enqueue,
      onUpdate: (_, set) => enqueue(set),
      onDelete: (set) => {
        this.#expectations.forget(objectKey(set));
        this.#backoff.forget(`${set.metadata.uid}/`, this.#parts.clock.now());
      },
    });
    this.#pods.addHandler(
      ownedObjectHandler<Pod>({
        keyOf: ownerKeys(resources.daemonSets, this.#sets.lister),
        keysWanting: ({ metadata }) =>
          this.#sets.lister
            .byIndex(namespaceIndex, metadata.namespace ?? '')
            .filter(({ spec }) => labelSelectorOf(spec?.selector).matches(metadata.labels))
            .map(objectKey),
        enqueue: (key) => this.#queue.add(key),
        onCreated: (key) => this.#expectations.onCreated(key),
        onDeleted: (key, pod) => this.#expectations.onDeleted(key, pod.metadata.uid ?? ''),
      }),
    );
  }

  #followNodes(): void {
    const enqueueIf = (isConcerned: (set: DaemonSet) => boolean) => {
      for (const set of this.#sets.lister.all()) {
        if (isConcerned(set)) this.#queue.add(objectKey(set));
      }
    };
    this.#nodes.addHandler({
      onAdd: (node) => enqueueIf((set) => nodeJudge(set)(node).shouldRun),
      onUpdate: (before, after) => {
        // Nodes report all the time; what they say of themselves then makes no difference here.
        const isSame =
          deepEqual(before.metadata.labels, after.metadata.labels) &&
          deepEqual(before.spec?.taints, after.spec?.taints);
        if (isSame) return;
        enqueueIf((set) => {
          const judge = nodeJudge(set);
          return !deepEqual(judge(before), judge(after));
        });
      },
      onDelete: (node) => enqueueIf((set) => nodeJudge(set)(node).mayStay),
    });
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#parts;
    const set = this.#sets.lister.byKey(key);
    if (set === undefined || set.metadata.deletionTimestamp !== undefined) return;
    const selector = labelSelectorOf(set.spec?.selector);
    const history = await this.#history.list(set, selector, signal);
    const present = await this.#history.record(set, history, signal);
    const { labels, name = '' } = present.current.metadata;
    const isSettled = this.#expectations.isFulfilled(key);
    const pods = await claimObjects(
      {
        owner: set,
        owners: client.objects(resources.daemonSets),
        objects: client.objects(resources.pods),
        matches: ({ metadata }) => selector.matches(metadata.labels),
        candidates: candidatesOf(this.#pods.lister, set),
      },
      { signal },
    );
    const state: DaemonState = {
      ...{ set, pods, nodes: [...this.#nodes.lister.all()] },
      hash: labels?.[hashLabel] ?? name,
      nowMs: clock.wallTime(),
    };
    try {
      if (isSettled) await this.#manage(state, signal);
    } finally {
      await this.#report(state, present, isSettled, signal);
    }
    if (isSettled) await this.#truncate(state, present, signal);
    const { nextAvailableInMs } = countReadiness(pods, set.spec?.minReadySeconds ?? 0, state.nowMs);
    if (nextAvailableInMs !== null) this.#queue.addAfter(key, nextAvailableInMs);
  }

  async #manage(state: DaemonState, signal: AbortSignal): Promise<void> {
    const { clock, events } = this.#parts;
    const { set } = state;
    const nowMs = clock.now();
    const backoffKey = (node: string) =>
      `${set.metadata.uid}/${set.status?.observedGeneration ?? 0}/${node}`;
    const plan = planDaemonSet(state, (node) => this.#backoff.remainingMs(backoffKey(node), nowMs));
    for (const { pod, node } of plan.ended) {
      const where = `daemon pod ${pod.metadata.namespace}/${pod.metadata.name} on node ${node}`;
      if (pod.status?.phase === 'Failed') {
        this.#backoff.note(backoffKey(node), nowMs);
        const text = `Found failed ${where}, will try to kill it`;
        events.event(set, 'Warning', 'FailedDaemonPod', text);
      } else {
        const text = `Found succeeded ${where}, will try to delete it`;
        events.event(set, 'Normal', 'SucceededDaemonPod', text);
      }
    }
    if (plan.retryInMs !== null) this.#queue.addAfter(objectKey(set), plan.retryInMs);
    await this.#execute(state, plan, signal);
  }

  async #execute(state: DaemonState, plan: DaemonPlan, signal: AbortSignal): Promise<void> {
    const { set, hash } = state;
    const key = objectKey(set);
    const create = plan.create.slice(0, burst);
    const remove = plan.remove.slice(0, burst);
    if (create.length + remove.length === 0) return;
    this.#expectations.expect(key, {
      creations: create.length,
      deletions: remove.map(({ metadata }) => defined(metadata.uid)),
    });
    let attempted = 0;
    const creation = await slowStart(create.length, async (at) => {
      attempted++;
      try {
        await this.#control.create(set, newDaemonPod(set, defined(create[at]), hash), { signal });
      } catch (error) {
        this.#expectations.onCreated(key);
        throw error;
      }
    });
    for (let skipped = attempted; skipped < create.length; skipped++) {
      this.#expectations.onCreated(key);
    }
    let failure: unknown = isNamespaceTerminating(creation.error) ? null : creation.error;
    await Promise.all(
      remove.map(async (pod) => {
        try {
          await this.#control.delete(set, pod, { signal });
        } catch (error) {
          // As long as the cache shows one that is gone, it would be counted as one too many.
          if (isNotFound(error) && isListed(this.#pods.lister, pod)) return;
          this.#expectations.onDeleted(key, pod.metadata.uid ?? '');
          if (!isNotFound(error)) failure ??= error;
        }
      }),
    );
    if (failure !== null) throw failure;
  }

  async #report(
    state: DaemonState,
    { collisionCount }: PresentRevision,
    isSettled: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const { set } = state;
    const { generation = 0 } = set.metadata;
    // What the spec says now has been acted on only when nothing was waited for.
    const observedGeneration = isSettled ? generation : (set.status?.observedGeneration ?? 0);
    const status = daemonSetStatus(state, { observedGeneration, collisionCount });
    if (sameStatus(status, set.status)) return;
    const sets = this.#parts.client.objects(resources.daemonSets);
    await sets.updateStatus({ ...set, status }, { signal }).catch(ignoreNotFound);
  }

  async #truncate(
    { set, pods }: DaemonState,
    { all, current }: PresentRevision,
    signal: AbortSignal,
  ): Promise<void> {
    const used = new Set(pods.map(({ metadata }) => metadata.labels?.[hashLabel]));
    const former = all.filter((revision) => revision !== current);
    const isLive = ({ metadata }: { metadata: Node['metadata'] }) =>
      used.has(metadata.labels?.[hashLabel]);
    // Entries in use count, though they stay.
    const limit =
      (set.spec?.revisionHistoryLimit ?? historyLimitDefault) - former.filter(isLive).length;
    await this.#history.delete(planTruncation(former, isLive, limit), signal);
  }
}
