import t from 'tap';
import { memberId, noMember } from '../../../src/base/ids.js';
import type { ConfState, Entry } from '../../../src/raft/core/types.js';
import { planRecovery } from '../../../src/raft/node/recovery.js';

const conf: ConfState = {
  voters: [memberId(1n)],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};
const hardState = { term: 3, vote: memberId(1n), commit: 4 };
const entry = (index: number, term: number): Entry => ({
  index,
  term,
  kind: 'normal',
  data: new Uint8Array(0),
});
/** Log: base (2, term 1), entries 3 (term 1), 4 (term 2), 5 (term 3). */
const wal = {
  hardState,
  base: { index: 2, term: 1 },
  entries: [entry(3, 1), entry(4, 2), entry(5, 3)],
};
const state = (appliedIndex: number, appliedTerm: number) => ({ appliedIndex, appliedTerm, conf });

t.test('planRecovery starts from a state that the log contains', async (t) => {
  for (const [index, term] of [
    [2, 1],
    [3, 1],
    [5, 3],
  ] as const) {
    const plan = planRecovery(wal, state(index, term));
    t.match(plan, { kind: 'start', reset: null, recovered: { applied: index, base: wal.base } });
  }
});

t.test('planRecovery makes the log start after a state that is ahead of it', async (t) => {
  const plan = planRecovery(wal, state(9, 5));
  t.match(plan, {
    kind: 'start',
    recovered: { base: { index: 9, term: 5 }, entries: [], applied: 9 },
    reset: {
      snapshot: { index: 9, term: 5, conf },
      hardState: { term: 5, vote: noMember, commit: 9 },
    },
  });
});

t.test(
  'planRecovery keeps the vote when the state is of the same term or an older one',
  async (t) => {
    const plan = planRecovery(wal, state(9, 3));
    t.match(plan, { reset: { hardState: { term: 3, vote: memberId(1n), commit: 9 } } });
  },
);

t.test(
  'planRecovery drops a log that contradicts the state (a snapshot came, then a crash)',
  async (t) => {
    const plan = planRecovery(wal, state(4, 3));
    t.match(plan, { recovered: { base: { index: 4, term: 3 }, entries: [] }, reset: {} });
  },
);

t.test('planRecovery asks for the state when it ends before the log starts', async (t) => {
  t.same(planRecovery(wal, state(1, 1)), { kind: 'state-lost', indexMin: 2 });
});
