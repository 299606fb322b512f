import type { Prng } from '../../src/base/prng.js';
import type { History } from './history.js';
import type { KvOp, KvResult, KvStep, KvStepResult, KvVersion } from './kv-model.js';

type Txn = KvOp & { kind: 'txn' };

/** What one client did and saw: what it asked, when, and the answer with its time; null: none came. */
export interface Row {
  readonly op: KvOp;
  readonly call: number;
  readonly answer: { readonly at: number; readonly result: KvResult } | null;
}

/** What a store holds after some writes. Absent keys are not in the map. */
export interface StoreState {
  readonly keys: ReadonlyMap<string, KvVersion>;
  readonly revision: number;
}

export const emptyStore: StoreState = { keys: new Map(), revision: 1 };

/** Does an operation to a store, as etcd defines it: the answer, and what the store holds then. A write takes `revision`. */
export function execute(
  { keys: before, revision: present }: StoreState,
  op: KvOp,
  revision: number,
): { readonly state: StoreState; readonly result: KvResult } {
  const keys = new Map(before);
  const succeeded = op.kind === 'expire' || op.compares.every((compare) => holds(keys, compare));
  const results: KvStepResult[] = [];
  let wrote = false;
  for (const step of stepsOf(op, succeeded, before)) {
    const previous = keys.get(step.key) ?? null;
    if (step.kind === 'get') {
      results.push({ kind: 'get', found: previous });
    } else if (step.kind === 'put') {
      keys.set(step.key, successor(previous, step, revision));
      results.push({ kind: 'put', previous });
      wrote = true;
    } else {
      wrote = keys.delete(step.key) || wrote;
      results.push({ kind: 'delete', deleted: previous === null ? 0 : 1, previous });
    }
  }
  const state = { keys, revision: wrote ? revision : present };
  return { state, result: { revision: state.revision, succeeded, steps: results } };
}

function stepsOf(
  op: KvOp,
  succeeded: boolean,
  keys: ReadonlyMap<string, KvVersion>,
): readonly KvStep[] {
  if (op.kind === 'txn') return succeeded ? op.success : op.failure;
  const attached = [...keys].filter(([, { lease }]) => lease === op.lease);
  return attached.map(([key]) => ({ kind: 'delete', key }));
}

function holds(keys: ReadonlyMap<string, KvVersion>, compare: Txn['compares'][number]): boolean {
  const version = keys.get(compare.key);
  const actual = compare.target === 'mod' ? version?.modRevision : version?.version;
  return (actual ?? 0) === compare.equals;
}

function successor(
  previous: KvVersion | null,
  { value, lease }: KvStep & { kind: 'put' },
  revision: number,
): KvVersion {
  return {
    value,
    lease,
    version: (previous?.version ?? 0) + 1,
    createRevision: previous?.createRevision ?? revision,
    modRevision: revision,
  };
}

/**
 * A history that a correct store produced: each operation took effect at one point between its call and its answer, or, when
 * no answer came, which has the chance `unknownChance`, at any later point or never. Keys are a, b and c, of which a and b are also read and written together.
 */
export function trueHistory(prng: Prng, count: number, unknownChance = 0.12): Row[] {
  const rows: { row: Row; at: number }[] = [];
  const late: { op: KvOp; at: number }[] = [];
  /** Modification revisions as last answered: what clients compare with. */
  const seen = new Map<string, number>();
  let state = emptyStore;
  let leases = 0;
  for (let i = 0; i < count; i++) {
    const now = i * 10;
    for (const { op } of takeDue(late, now)) {
      state = execute(state, op, state.revision + 1).state;
    }
    const call = now - prng.int(0, 40);
    const op = drawOp(prng, { seen, name: String(i), leases });
    if (op.success.some((step) => step.kind === 'put' && step.lease === String(leases))) {
      const ends = now + prng.int(10, 500);
      const expire: KvOp = { kind: 'expire', lease: String(leases++) };
      rows.push({ row: { op: expire, call: ends, answer: null }, at: now });
      if (prng.chance(0.7)) late.push({ op: expire, at: ends + prng.int(0, 300) });
    }
    if (prng.chance(unknownChance)) {
      rows.push({ row: { op, call, answer: null }, at: now });
      if (prng.chance(0.6)) late.push({ op, at: now + prng.pick([0, 0, 10, 50, 500]) });
      continue;
    }
    const done = execute(state, op, state.revision + 1);
    state = done.state;
    for (const { key } of done.result.succeeded ? op.success : op.failure) {
      seen.set(key, state.keys.get(key)?.modRevision ?? 0);
    }
    const answer = { at: now + prng.int(0, 40), result: done.result };
    rows.push({ row: { op, call, answer }, at: now });
  }
  return rows.map(({ row }) => row);
}

function takeDue<T extends { readonly at: number }>(late: T[], now: number): T[] {
  const due = late.filter(({ at }) => at <= now);
  for (const one of due) late.splice(late.indexOf(one), 1);
  return due;
}

function drawOp(
  prng: Prng,
  { seen, name, leases }: { seen: ReadonlyMap<string, number>; name: string; leases: number },
): Txn {
  const key = prng.pick(['a', 'b', 'c']);
  const get: KvStep = { kind: 'get', key };
  const remove: KvStep = { kind: 'delete', key };
  const put = (to: string, value = name): KvStep => ({ kind: 'put', key: to, value, lease: '' });
  const equals = prng.chance(0.9) ? (seen.get(key) ?? 0) : 0;
  switch (prng.int(0, 10)) {
    case 0:
      return txn([put(key)]);
    case 1:
      return txn([{ kind: 'put', key, value: name, lease: String(leases) }]);
    case 2:
    case 3:
      return txn([remove]);
    case 4:
      return txn([put(key)], { compares: [{ key, target: 'mod', equals }], failure: [get] });
    case 5:
      return txn([put(key), get], {
        compares: [{ key, target: 'version', equals: 0 }],
        failure: [get, prng.chance(0.5) ? remove : put(key, `${name}'`)],
      });
    case 6:
      return prng.chance(0.5)
        ? txn([put('a'), put('b')])
        : txn([
            { kind: 'delete', key: 'a' },
            { kind: 'delete', key: 'b' },
          ]);
    case 7:
      return txn([
        { kind: 'get', key: 'a' },
        { kind: 'get', key: 'b' },
      ]);
    default:
      return txn([get]);
  }
}

function txn(
  success: readonly KvStep[],
  rest: Partial<Pick<Txn, 'compares' | 'failure'>> = {},
): Txn {
  return { kind: 'txn', compares: [], failure: [], result: null, success, ...rest };
}

/** Has the history record what the rows tell, in the order in which clients would have. */
export function record(history: History, rows: readonly Row[]): void {
  const happenings: { at: number; happen: () => void }[] = [];
  for (const { op, call, answer } of rows) {
    const operation = history.begin('c', call, op, false);
    if (answer === null) continue;
    const { at, result } = answer;
    happenings.push({ at, happen: () => history.end(operation, at, result) });
  }
  happenings.sort((a, b) => a.at - b.at);
  for (const { happen } of happenings) happen();
}
