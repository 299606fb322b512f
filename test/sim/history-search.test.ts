import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { Prng } from '../../src/base/prng.js';
import { SimFailure } from './failure.js';
import { History } from './history.js';
import type { KvOp, KvResult, KvStepResult, KvVersion } from './kv-model.js';
import {
  emptyStore,
  execute,
  type Row,
  record,
  type StoreState,
  trueHistory,
} from './true-history.js';

/** The steps that a check took, or the property that it found violated. */
function check(rows: readonly Row[]): number | string {
  const history = new History();
  try {
    record(history, rows);
    return history.check().steps;
  } catch (error) {
    if (!(error instanceof SimFailure)) throw error;
    return error.message;
  }
}

t.test('History.check explains true histories in few steps', async (t) => {
  for (let seed = 0; seed < 15; seed++) {
    const outcome = check(trueHistory(new Prng(seed), 1500));
    if (typeof outcome === 'string') t.fail(`seed ${seed}: ${outcome}`);
    else if (outcome > 20_000) t.fail(`seed ${seed} took ${outcome} steps`);
  }
  t.pass('15 histories');
});

t.test('History.check refuses every history with one false answer', async (t) => {
  const refused = new Map<string, number>();
  for (let seed = 0; seed < 400; seed++) {
    const prng = new Prng(seed);
    const rows = trueHistory(prng, 150);
    const what = lies[seed % lies.length]!;
    const altered = falsify(prng, rows, what);
    const outcome = check(altered);
    if (typeof outcome === 'number') t.fail(`seed ${seed}: accepted ${what}`);
    else if (outcome.startsWith('history can be checked'))
      t.fail(`seed ${seed}: ${what}: ${outcome}`);
    else refused.set(what, (refused.get(what) ?? 0) + 1);
  }
  for (const what of lies)
    t.ok((refused.get(what) ?? 0) === 50, `${refused.get(what)} times ${what}`);
});

t.test('History.check agrees with trying every order and every revision', async (t) => {
  let accepted = 0;
  for (let seed = 0; seed < 2500; seed++) {
    const prng = new Prng(seed);
    const truth = trueHistory(prng, prng.int(3, 10), prng.pick([0.1, 0.5, 0.7]));
    const rows = prng.chance(0.2) ? truth : perturb(prng, perturb(prng, truth));
    const expected = tryEverything([joining, ...rows]);
    if (expected) accepted++;
    const outcome = check([joining, ...rows]);
    if ((typeof outcome === 'number') !== expected) {
      t.fail(`seed ${seed}: ${outcome}, but trying everything says ${expected}`, { rows });
      return;
    }
  }
  t.ok(accepted > 1000 && accepted < 2250, `${accepted} of 2500 can be explained`);
});

/** Makes one component of all keys, so that nothing is known of them apart. */
const joining: Row = {
  op: {
    kind: 'txn',
    compares: [],
    success: ['a', 'b', 'c'].map((key) => ({ kind: 'get', key })),
    failure: [],
    result: null,
  },
  call: -1000,
  answer: {
    at: -999,
    result: { revision: 1, succeeded: true, steps: Array(3).fill({ kind: 'get', found: null }) },
  },
};

const lies = [
  'a version number that is one too high',
  'a value of another version of the key',
  'a modification revision that is one too low',
  'a creation revision that is one too low',
  'a key that is said to be absent',
  'an older version of the key',
  'a delete that is said to have removed what it did not',
  'a swap that is said to have gone the other way',
] as const;
type Lie = (typeof lies)[number];

/** Changes one answer into one that no store gives. */
function falsify(prng: Prng, rows: readonly Row[], what: Lie): readonly Row[] {
  const shown = new Map<string, KvVersion[]>();
  for (const { op, answer } of rows) {
    for (const { key, version } of versionsIn(op, answer?.result)) {
      shown.set(key, [...(shown.get(key) ?? []), version]);
    }
  }
  const alterations = rows.flatMap(({ op, call, answer }, at) => {
    if (answer === null || op.kind === 'expire') return [];
    const result = lie(prng, what, { op, result: answer.result, shown });
    return result === null ? [] : [rows.with(at, { op, call, answer: { ...answer, result } })];
  });
  return alterations.length === 0 ? rows : prng.pick(alterations);
}

function lie(
  prng: Prng,
  what: Lie,
  of: { op: KvOp & { kind: 'txn' }; result: KvResult; shown: ReadonlyMap<string, KvVersion[]> },
): KvResult | null {
  const { op, result, shown } = of;
  const branch = result.succeeded ? op.success : op.failure;
  const at = prng.int(0, result.steps.length);
  const step = result.steps[at];
  const key = branch[at]?.key ?? '';
  if (step === undefined) return null;
  const withStep = (altered: KvStepResult) => ({
    ...result,
    steps: result.steps.with(at, altered),
  });
  const version = step.kind === 'get' ? step.found : (step.previous ?? null);
  const withVersion = (found: KvVersion | null) =>
    withStep(step.kind === 'get' ? { ...step, found } : { ...step, previous: found });
  if (what === 'a swap that is said to have gone the other way') {
    if (op.compares[0]?.target !== 'mod') return null;
    const swapped: KvStepResult =
      step.kind === 'get' ? { kind: 'put', previous: step.found } : { kind: 'get', found: version };
    return { ...result, succeeded: !result.succeeded, steps: [swapped] };
  }
  if (what === 'a delete that is said to have removed what it did not') {
    return step.kind === 'delete' ? withStep({ ...step, deleted: 1 - step.deleted }) : null;
  }
  if (version === null) return null;
  const others = (shown.get(key) ?? []).filter(
    ({ modRevision }) => modRevision < version.modRevision,
  );
  switch (what) {
    case 'a version number that is one too high':
      return withVersion({ ...version, version: version.version + 1 });
    case 'a value of another version of the key':
      return others[0] === undefined
        ? null
        : withVersion({ ...version, value: prng.pick(others).value });
    case 'a modification revision that is one too low':
      return withVersion({ ...version, modRevision: version.modRevision - 1 });
    case 'a creation revision that is one too low':
      return withVersion({ ...version, createRevision: version.createRevision - 1 });
    case 'an older version of the key':
      return others[0] === undefined ? null : withVersion(prng.pick(others));
    default:
      return withVersion(null);
  }
}

function versionsIn(op: KvOp, result: KvResult | undefined) {
  if (op.kind === 'expire' || result === undefined) return [];
  const branch = result.succeeded ? op.success : op.failure;
  return result.steps.flatMap((step, i) => {
    const version = step.kind === 'get' ? step.found : step.previous;
    return version ? [{ key: branch[i]!.key, version }] : [];
  });
}

/** Changes times, answers and outcomes at random; what comes out may or may not be explained. */
function perturb(prng: Prng, rows: readonly Row[]): readonly Row[] {
  const at = prng.int(0, rows.length);
  const row = rows[at]!;
  if (row.answer === null || prng.chance(0.2))
    return rows.with(at, { ...row, call: row.call + prng.int(-60, 0) });
  const { answer } = row;
  if (isComparedWith(rows, answer.result.revision)) return rows;
  switch (prng.int(0, 4)) {
    case 0:
      return rows.with(at, { ...row, answer: null });
    case 1:
      return rows.toSpliced(at, 1);
    case 2: {
      const revision = Math.max(1, answer.result.revision + prng.pick([-1, 1, 2]));
      const result = { ...answer.result, revision };
      return rows.with(at, { ...row, answer: { ...answer, result } });
    }
    default:
      return falsify(prng, rows, prng.pick(lies));
  }
}

/** Clients compare only with revisions that an answer told: such an answer has to stay as it is. */
function isComparedWith(rows: readonly Row[], revision: number): boolean {
  return rows.some(
    ({ op }) => op.kind === 'txn' && op.compares.some(({ equals }) => equals === revision),
  );
}

/**
 * The definition itself: any subset of the operations without an answer, in any order that respects real time, each write at
 * any revision above the present one, on a store that holds nothing but exact versions.
 */
function tryEverything(rows: readonly Row[]): boolean {
  const revisionMax = 1 + Math.max(...rows.map(({ answer }) => answer?.result.revision ?? 0));
  const extend = (state: StoreState, left: readonly Row[]): boolean => {
    if (left.every(({ answer }) => answer === null)) return true;
    return left.some((row) => {
      const rest = left.filter((other) => other !== row);
      if (rest.some(({ answer }) => answer !== null && answer.at < row.call)) return false;
      return nextStates(state, row, revisionMax).some((next) => extend(next, rest));
    });
  };
  return extend(emptyStore, rows);
}

/** What a store may hold after an operation that was answered so. */
function nextStates(state: StoreState, { op, answer }: Row, revisionMax: number): StoreState[] {
  if (answer !== null) {
    const { revision } = answer.result;
    if (revision < state.revision) return [];
    const done = execute({ ...state, revision }, op, revision);
    const wrote = execute(state, op, revisionMax + 1).state.revision > revisionMax;
    if (wrote && revision === state.revision) return [];
    return isDeepStrictEqual(done.result, answer.result) ? [done.state] : [];
  }
  const states: StoreState[] = [];
  for (let revision = state.revision + 1; revision <= revisionMax; revision++) {
    const done = execute(state, op, revision);
    if (done.state.revision === revision) states.push(done.state);
  }
  return states;
}
