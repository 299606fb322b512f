import { assert } from '../../../base/assert.js';
import type { Deployment, ReplicaSet } from '../../api/gen/apps-v1.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import { currentSetAnnotations, revisionOf, scaleAnnotations } from './annotations.js';
import { boundsOf, type RolloutBounds } from './bounds.js';
import { newReplicaSet } from './new-replica-set.js';
import { byAge, currentSet, isObserved, podsOf, replicasOf } from './replica-sets.js';

/** A ReplicaSet that is to be as `after`; `before` is null when it is to be made. */
export interface SetChange {
  readonly before: ReplicaSet | null;
  readonly after: ReplicaSet;
}

/**
 * A Deployment and its ReplicaSets while a plan is made: what is changed counts from then on, and {@link changes} tells what became of
 * what was there.
 */
export class Rollout {
  readonly deployment: Deployment;
  readonly bounds: RolloutBounds;
  /** As they were, by name. */
  readonly #before: ReadonlyMap<string, ReplicaSet>;
  /** By name, in the order in which they were changed first. */
  readonly #changed = new Map<string, ReplicaSet>();
  #current: ReplicaSet | null;
  #old: readonly ReplicaSet[];

  constructor(deployment: Deployment, sets: readonly ReplicaSet[]) {
    this.deployment = deployment;
    this.bounds = boundsOf(deployment);
    this.#before = new Map(sets.map((set) => [nameOf(set), set]));
    this.#current = currentSet(deployment, sets) ?? null;
    this.#old = sets.filter((set) => set !== this.#current).sort(byAge);
  }

  /** That of the current template; null when there is none yet. */
  get current(): ReplicaSet | null {
    return this.#current;
  }

  /** Those of former templates, oldest first. */
  get old(): readonly ReplicaSet[] {
    return this.#old;
  }

  get all(): readonly ReplicaSet[] {
    return this.#current === null ? this.#old : [...this.#old, this.#current];
  }

  /** What is to be written, in order. */
  get changes(): readonly SetChange[] {
    return [...this.#changed.values()].map((after) => ({
      before: this.#before.get(nameOf(after)) ?? null,
      after,
    }));
  }

  /** Gives the current one what it takes over from the Deployment; nothing when there is none. */
  updateCurrent(): void {
    const set = this.#current;
    if (set === null) return;
    const annotations = currentSetAnnotations(this.deployment, set, this.#nextRevision());
    const minReadySeconds = this.deployment.spec?.minReadySeconds ?? 0;
    const isSame =
      deepEqual(annotations, set.metadata.annotations ?? {}) &&
      (set.spec?.minReadySeconds ?? 0) === minReadySeconds;
    if (isSame) return;
    this.#replace({
      ...set,
      metadata: { ...set.metadata, annotations },
      spec: { ...set.spec, minReadySeconds },
    });
  }

  /** Makes one for the current template, with as many pods as the bounds allow now. */
  createCurrent(): void {
    assert(this.#current === null, 'the current template has a ReplicaSet');
    const set = newReplicaSet(this.deployment, this.#nextRevision(), this.bounds);
    this.#current = set;
    const replicas = this.currentReplicasAllowed();
    this.#replace({ ...set, spec: { ...set.spec, replicas } });
  }

  /**
   * How many pods the current one may have: what the bounds leave beside the pods that the others have or will have, and not fewer than
   * it has. Nothing more while the controller of another has not seen yet what it shall have: its pods are not known.
   */
  currentReplicasAllowed(): number {
    const { replicas, surge, isRolling } = this.bounds;
    if (!isRolling) return replicas;
    const had = this.#current === null ? 0 : replicasOf(this.#current);
    if (!this.#old.every(isObserved)) return had;
    const room = replicas + surge - had - this.#old.reduce((sum, set) => sum + podsOf(set), 0);
    return room <= 0 ? had : had + Math.min(room, replicas - had);
  }

  /** Sets how many pods one of them has, and notes for what size of the Deployment. Returns it as it is then. */
  scale(set: ReplicaSet, replicas: number): ReplicaSet {
    assert(replicas >= 0, `a ReplicaSet is scaled to ${replicas}`);
    const annotations = { ...set.metadata.annotations, ...scaleAnnotations(this.bounds) };
    const isSame =
      replicasOf(set) === replicas && deepEqual(annotations, set.metadata.annotations ?? {});
    if (isSame) return set;
    return this.#replace({
      ...set,
      metadata: { ...set.metadata, annotations },
      spec: { ...set.spec, replicas },
    });
  }

  #nextRevision(): bigint {
    const latest = this.#old
      .map(revisionOf)
      .reduce((one, other) => (one > other ? one : other), 0n);
    return latest + 1n;
  }

  #replace(set: ReplicaSet): ReplicaSet {
    const name = nameOf(set);
    this.#changed.set(name, set);
    if (this.#current !== null && nameOf(this.#current) === name) this.#current = set;
    else this.#old = this.#old.map((old) => (nameOf(old) === name ? set : old));
    return set;
  }
}

function nameOf({ metadata }: ReplicaSet): string {
  return metadata.name ?? '';
}
