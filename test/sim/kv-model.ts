import type { Model } from './linearizability.js';

/** What a client may ask of one key inside an operation. */
export type KvStep =
  | { readonly kind: 'get'; readonly key: string }
  | { readonly kind: 'put'; readonly key: string; readonly value: string; readonly lease: string }
  | { readonly kind: 'delete'; readonly key: string };

/** A condition on one key. An absent key has version and revision 0. */
export interface KvCompare {
  readonly key: string;
  readonly target: 'mod' | 'version';
  readonly equals: number;
}

/** A version of a key, as a read returns it. */
export interface KvVersion {
  readonly value: string;
  readonly version: number;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly lease: string;
}

/**
 * What came back for one step: the version read (null: absent), how many keys a delete removed, and the version that a
 * write replaced when that was asked for (`prev_kv`). The last keeps the search short: whatever happened to a key unseen
 * comes to light at the next operation on it.
 */
export type KvStepResult =
  | { readonly kind: 'get'; readonly found: KvVersion | null }
  | { readonly kind: 'put'; readonly previous?: KvVersion | null }
  | { readonly kind: 'delete'; readonly deleted: number; readonly previous?: KvVersion | null };

/** The answer of the store. `revision` is the header's: the store's revision after the operation. */
export interface KvResult {
  readonly revision: number;
  readonly succeeded: boolean;
  readonly steps: readonly KvStepResult[];
}

/**
 * An atomic operation: the steps of `success` when all conditions hold, else those of `failure`. A plain put or get is one
 * without conditions. `expire` is the store's own doing: every key attached to the lease is deleted, in one revision.
 */
export type KvOp =
  | {
      readonly kind: 'txn';
      readonly compares: readonly KvCompare[];
      readonly success: readonly KvStep[];
      readonly failure: readonly KvStep[];
      /** Null when no answer came. */
      readonly result: KvResult | null;
      /**
       * Without an answer: a put of this operation that somebody was shown, so it took effect, at that revision. When there
       * is none, nobody was ever shown any of its puts.
       */
      readonly shown?: ShownPut;
    }
  | { readonly kind: 'expire'; readonly lease: string };

/** A put of an operation, as it was shown: the key's version that it made. */
export interface ShownPut {
  readonly key: string;
  readonly version: KvVersion;
}

/**
 * A key in the model. Value and modification revision are null when nobody was ever shown this version. The creation
 * revision is null as long as nobody was shown it.
 */
interface KeyState {
  readonly value: string | null;
  readonly lease: string;
  readonly version: number;
  readonly createRevision: number | null;
  readonly modRevision: number | null;
}

/** The keys of one component, and what is known of the store's revision. Absent keys are not in the map. */
export interface KvState {
  readonly keys: ReadonlyMap<string, KeyState>;
  /** The store's revision is at least this. */
  readonly revision: number;
  /** Writes of unknown revision since `revision` was seen; each took a revision of its own. */
  readonly unseenWrites: number;
}

/**
 * etcd's semantics of put, get, delete and txn for a set of keys, with revisions: every answer of a write is a revision
 * that nothing else has, every read shows the revisions of the writes that it sees. `knownWriteRevisions` are those of
 * all writes with an answer, in the whole history (also on other keys): a write of unknown outcome took none of them.
 */
export function kvModel(knownWriteRevisions: Iterable<number>): Model<KvState, KvOp> {
  const taken = [...new Set(knownWriteRevisions)].sort((a, b) => a - b);
  const isTaken = new Set(taken);
  /** Revisions in (from, to] that no known write has. */
  const freeRevisions = (from: number, to: number) =>
    to - from - (countUpTo(taken, to) - countUpTo(taken, from));

  /** The state once its store revision is seen to be `revision`; undefined when it cannot be. */
  const seeRevision = (state: KvState, revision: number): KvState | undefined => {
    if (revision < state.revision) return undefined;
    if (state.unseenWrites > freeRevisions(state.revision, revision)) return undefined;
    return { keys: state.keys, revision, unseenWrites: 0 };
  };

  const stepTxn = (state: KvState, op: KvOp & { kind: 'txn' }): KvState | undefined => {
    const holds = op.compares.every((compare) => isTrue(state, compare));
    const steps = holds ? op.success : op.failure;
    const writes = changes(state, steps);
    // What nobody saw and what changes nothing need not have happened: that keeps the search small.
    if (op.result === null) {
      if (op.shown !== undefined) return stepShown(state, steps, op.shown);
      return writes ? applyUnseen(state, steps) : undefined;
    }
    if (op.result.succeeded !== holds) return undefined;
    const { revision } = op.result;
    const seen = seeRevision(state, writes ? revision - 1 : revision);
    if (seen === undefined) return undefined;
    if (writes && !isTaken.has(revision)) return undefined;
    return applySeen(seen, steps, op.result, writes);
  };

  const stepShown = (
    state: KvState,
    steps: readonly KvStep[],
    { key, version }: ShownPut,
  ): KvState | undefined => {
    const revision = version.modRevision;
    const seen = seeRevision(state, revision - 1);
    if (seen === undefined) return undefined;
    const keys = applyWrites(seen, steps, revision);
    const shown = observe(keys.get(key), version, isTaken);
    if (shown === 'impossible' || shown === null) return undefined;
    return { keys: keys.set(key, shown), revision, unseenWrites: 0 };
  };

  const applySeen = (
    state: KvState,
    steps: readonly KvStep[],
    result: KvResult,
    writes: boolean,
  ): KvState | undefined => {
    const keys = new Map(state.keys);
    for (const [i, step] of steps.entries()) {
      const observed = result.steps[i];
      if (observed === undefined || observed.kind !== step.kind) return undefined;
      const shown = observed.kind === 'get' ? observed.found : observed.previous;
      if (shown !== undefined) {
        const bound = observe(keys.get(step.key), shown, isTaken);
        if (bound === 'impossible') return undefined;
        if (bound !== null) keys.set(step.key, bound);
      }
      const present = keys.get(step.key);
      if (step.kind === 'put') {
        keys.set(step.key, putKey(present, step, result.revision));
      } else if (observed.kind === 'delete') {
        if (observed.deleted !== (present === undefined ? 0 : 1)) return undefined;
        keys.delete(step.key);
      }
    }
    return { keys, revision: writes ? result.revision : state.revision, unseenWrites: 0 };
  };

  return {
    initial: { keys: new Map(), revision: 1, unseenWrites: 0 },
    step(state, op) {
      if (op.kind === 'txn') return stepTxn(state, op);
      const attached = [...state.keys].filter(([, key]) => key.lease === op.lease);
      const steps = attached.map(([key]): KvStep => ({ kind: 'delete', key }));
      return steps.length === 0 ? undefined : applyUnseen(state, steps);
    },
    key: stateKey,
    admits: (state, revision) =>
      revision >= state.revision &&
      (revision === Infinity || state.unseenWrites <= freeRevisions(state.revision, revision)),
    rank: (op) => shownRevision(op) ?? Infinity,
    effect: effectOf,
  };
}

/** The revision that the answer to an operation carries, or at which its effect was shown. */
export function shownRevision(op: KvOp): number | undefined {
  if (op.kind === 'expire') return undefined;
  return op.result?.revision ?? op.shown?.version.modRevision;
}

/** What an operation of which nobody was shown anything does: its values do not matter, nobody saw them. */
function effectOf(op: KvOp): string {
  if (op.kind === 'expire') return `expire ${op.lease}`;
  const steps = (list: readonly KvStep[]) =>
    list.map((step) => [step.kind, step.key, step.kind === 'put' ? step.lease : '']);
  const compares = op.compares.map(({ key, target, equals }) => [key, target, equals]);
  return JSON.stringify([compares, steps(op.success), steps(op.failure)]);
}

/** A write whose revision nobody was told. */
function applyUnseen(state: KvState, steps: readonly KvStep[]): KvState {
  const keys = applyWrites(state, steps, null);
  return { keys, revision: state.revision, unseenWrites: state.unseenWrites + 1 };
}

function applyWrites(
  state: KvState,
  steps: readonly KvStep[],
  revision: number | null,
): Map<string, KeyState> {
  const keys = new Map(state.keys);
  for (const step of steps) {
    if (step.kind === 'put') {
      keys.set(step.key, putKey(keys.get(step.key), step, revision));
    } else if (step.kind === 'delete') {
      keys.delete(step.key);
    }
  }
  return keys;
}

function putKey(
  present: KeyState | undefined,
  step: KvStep & { kind: 'put' },
  revision: number | null,
): KeyState {
  return {
    value: revision === null ? null : step.value,
    lease: step.lease,
    version: (present?.version ?? 0) + 1,
    createRevision: present === undefined ? revision : present.createRevision,
    modRevision: revision,
  };
}

/** Does any step change anything? A delete of an absent key takes no revision. */
function changes(state: KvState, steps: readonly KvStep[]): boolean {
  return steps.some(
    (step) => step.kind === 'put' || (step.kind === 'delete' && state.keys.has(step.key)),
  );
}

function isTrue(state: KvState, compare: KvCompare): boolean {
  const key = state.keys.get(compare.key);
  if (compare.target === 'version') return (key?.version ?? 0) === compare.equals;
  if (key === undefined) return compare.equals === 0;
  // A revision that nobody saw cannot be compared with by luck: clients compare with what they read.
  return key.modRevision === compare.equals;
}

/** What a showing of `found` tells of the key: its state with revisions filled in, or that it cannot be. */
function observe(
  present: KeyState | undefined,
  found: KvVersion | null,
  isTaken: ReadonlySet<number>,
): KeyState | null | 'impossible' {
  if (present === undefined) return found === null ? null : 'impossible';
  if (found === null) return 'impossible';
  const { modRevision, createRevision } = found;
  if (found.value !== present.value || found.lease !== present.lease) return 'impossible';
  if (found.version !== present.version || found.modRevision !== present.modRevision) {
    return 'impossible';
  }
  if (present.createRevision === createRevision) return present;
  if (present.createRevision !== null) return 'impossible';
  // Created by a write that nobody was told of: at a revision that no other write has.
  if (createRevision >= modRevision || isTaken.has(createRevision)) return 'impossible';
  return { ...present, createRevision };
}

function stateKey(state: KvState): string {
  let text = `${state.revision}+${state.unseenWrites}`;
  for (const [name, key] of [...state.keys].sort(([a], [b]) => (a < b ? -1 : 1))) {
    text += `|${name}=${key.value},${key.version},${key.createRevision},${key.modRevision},${key.lease}`;
  }
  return text;
}

/** How many of the sorted numbers are <= limit. */
function countUpTo(sorted: readonly number[], limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
