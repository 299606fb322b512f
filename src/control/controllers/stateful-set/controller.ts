import type { ControllerRevision, StatefulSet } from '../../api/gen/apps-v1.js';
import type { PersistentVolumeClaim, Pod } from '../../api/gen/core-v1.js';
import {
  Expectations,
  type Informer,
  namespaceIndex,
  objectKey,
  resources,
  WorkQueue,
} from '../../client/index.js';
import { labelSelectorOf } from '../../machinery/label-selector.js';
import type { Controller, ControllerParts } from '../controller.js';
import { planTruncation, templateOf } from '../controller-revision/plan.js';
import { type PresentRevision, RevisionHistory } from '../controller-revision/revision-history.js';
import {
  candidatesOf,
  claimObjects,
  countReadiness,
  OwnWrites,
  ownedObjectHandler,
  ownerIndexes,
  ownerKeys,
  sameStatus,
} from '../pods/index.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { ignoreNotFound } from '../runtime/write-failures.js';
import { executeStatefulPlan } from './execute.js';
import { isMember, revisionLabel } from './identity.js';
import { planStatefulSet, type StatefulState } from './plan.js';
import { statefulSetStatus } from './status.js';

const historyLimitDefault = 10;

/** Keeps pods that have names, an order and claims of their own. */
export class StatefulSetController implements Controller {
  readonly name = 'statefulset-controller';
  readonly #parts: ControllerParts;
  readonly #workers: number;
  readonly #queue: WorkQueue;
  readonly #sets: Informer<StatefulSet>;
  readonly #pods: Informer<Pod>;
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #history: RevisionHistory<StatefulSet>;
  readonly #writes: OwnWrites<Pod>;
  readonly #expectations: Expectations;

  constructor(parts: ControllerParts, workers: number) {
    const { client, clock, informers } = parts;
    this.#parts = parts;
    this.#workers = workers;
    this.#queue = new WorkQueue(clock);
    this.#writes = new OwnWrites(clock);
    this.#expectations = new Expectations(clock);
    this.#sets = informers.of(resources.statefulSets);
    this.#pods = informers.of(resources.pods, { indexes: ownerIndexes });
    this.#claims = informers.of(resources.persistentVolumeClaims);
    this.#history = new RevisionHistory({
      parts,
      owners: client.objects(resources.statefulSets),
      hashLabel: 'controller.kubernetes.io/hash',
    });
    this.#follow();
  }

  async run(signal: AbortSignal): Promise<void> {
    await reconcileLoop({
      parts: this.#parts,
      name: 'statefulset',
      queue: this.#queue,
      informers: [this.#sets, this.#pods, this.#claims, this.#history.informer],
      workers: this.#workers,
      reconcile: (key) => this.#reconcile(key, signal),
      signal,
    });
  }

  #follow(): void {
    const enqueue = (set: StatefulSet) => this.#queue.add(objectKey(set));
    this.#sets.addHandler({
      onAdd: enqueue,
      onUpdate: (_, set) => enqueue(set),
      // Its pods are nobody's now: what was expected of them is told to nobody, and another of its name must not wait for it.
      onDelete: (set) => this.#expectations.forget(objectKey(set)),
    });
    this.#pods.addHandler({
      onAdd: (pod) => this.#writes.onSeen(pod),
      onUpdate: (_, pod) => this.#writes.onSeen(pod),
      onDelete: (pod) => this.#writes.onSeen(pod, true),
    });
    this.#pods.addHandler(
      ownedObjectHandler<Pod>({
        keyOf: ownerKeys(resources.statefulSets, this.#sets.lister),
        keysWanting: (pod) =>
          this.#setsOf(pod.metadata.namespace)
            .filter((set) => isWanted(set, pod))
            .map(objectKey),
        enqueue: (key) => this.#queue.add(key),
        onDeleted: (key, pod) => this.#expectations.onDeleted(key, pod.metadata.uid ?? ''),
      }),
    );
    // A pod may wait for a claim to go that has its name.
    this.#claims.addHandler({
      onDelete: ({ metadata }) => {
        for (const set of this.#setsOf(metadata.namespace)) {
          const isOurs = set.spec?.volumeClaimTemplates?.some((template) =>
            metadata.name?.startsWith(`${template.metadata.name}-${set.metadata.name}-`),
          );
          if (isOurs === true) enqueue(set);
        }
      },
    });
  }

  #setsOf(namespace = ''): readonly StatefulSet[] {
    return this.#sets.lister.byIndex(namespaceIndex, namespace);
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const { client, clock, events } = this.#parts;
    const set = this.#sets.lister.byKey(key);
    if (set === undefined) {
      this.#expectations.forget(key);
      return;
    }
    // A pod that was deleted and seems to be there still would count as available.
    const isSettled = this.#expectations.isFulfilled(key);
    const selector = labelSelectorOf(set.spec?.selector);
    const history = await this.#history.list(set, selector, signal);
    const pods = await this.#podsOf(set, signal);
    const present = await this.#history.record(set, history, signal);
    const revisions = revisionsOf(set, present);
    const nowMs = clock.wallTime();
    const plan = planStatefulSet({
      ...{ set, pods, nowMs, ...revisions },
      claim: (name) => this.#claims.lister.get(set.metadata.namespace ?? '', name),
    });
    const status = statefulSetStatus({
      ...{ set, pods, nowMs, collisionCount: present.collisionCount },
      currentRevision: revisions.current.revision,
      updateRevision: revisions.update.revision,
    });
    const parts = { client, events, writes: this.#writes, expectations: this.#expectations };
    try {
      if (isSettled) await executeStatefulPlan(set, plan, parts, signal);
    } finally {
      await this.#report(set, status, signal);
    }
    const live = [revisions.current.revision, revisions.update.revision];
    await this.#truncate(set, pods, present, live, signal);
    const { nextAvailableInMs } = countReadiness(pods, set.spec?.minReadySeconds ?? 0, nowMs);
    if (nextAvailableInMs !== null) this.#queue.addAfter(key, nextAvailableInMs);
  }

  async #podsOf(set: StatefulSet, signal: AbortSignal): Promise<readonly Pod[]> {
    const { client } = this.#parts;
    const claimed = await claimObjects(
      {
        owner: set,
        owners: client.objects(resources.statefulSets),
        objects: client.objects(resources.pods),
        matches: (pod) => isWanted(set, pod),
        candidates: candidatesOf(this.#pods.lister, set),
      },
      { signal },
    );
    return this.#writes.over(claimed, set);
  }

  async #report(
    set: StatefulSet,
    status: NonNullable<StatefulSet['status']>,
    signal: AbortSignal,
  ): Promise<void> {
    if (sameStatus(status, set.status)) return;
    const sets = this.#parts.client.objects(resources.statefulSets);
    const { conditions } = set.status ?? {};
    const told = conditions === undefined ? status : { ...status, conditions };
    await sets.updateStatus({ ...set, status: told }, { signal }).catch(ignoreNotFound);
  }

  async #truncate(
    set: StatefulSet,
    pods: readonly Pod[],
    { all }: PresentRevision,
    live: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const used = new Set([
      ...live,
      ...pods.map(({ metadata }) => metadata.labels?.[revisionLabel]),
    ]);
    const limit = set.spec?.revisionHistoryLimit ?? historyLimitDefault;
    const expired = planTruncation(all, ({ metadata }) => used.has(metadata.name), limit);
    await this.#history.delete(expired, signal);
  }
}

function isWanted(set: StatefulSet, pod: Pod): boolean {
  return labelSelectorOf(set.spec?.selector).matches(pod.metadata.labels) && isMember(set, pod);
}

/** The template that the set's pods had, and the one that they shall have; the same when the former is not kept any more. */
function revisionsOf(
  { status }: StatefulSet,
  { all, current: update }: PresentRevision,
): Pick<StatefulState, 'current' | 'update'> {
  const current = all.find(({ metadata }) => metadata.name === status?.currentRevision) ?? update;
  const named = (revision: ControllerRevision) => ({
    revision: revision.metadata.name ?? '',
    template: templateOf(revision),
  });
  return { current: named(current), update: named(update) };
}
