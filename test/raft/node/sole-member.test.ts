import t from 'tap';
import { type MemberId, memberId, noMember } from '../../../src/base/ids.js';
import {
  applyConfChange,
  type ConfChangeStep,
  type ConfState,
  type Entry,
  emptyConfState,
  encodeConfChange,
  parseConfChange,
  type RecoveredState,
} from '../../../src/raft/core/index.js';
import { becomeSoleMember } from '../../../src/raft/node/index.js';

const [a, b, c] = [1n, 2n, 3n].map(memberId) as [MemberId, MemberId, MemberId];
const none = new Uint8Array(0);

function change(index: number, ...steps: ConfChangeStep[]): Entry {
  const data = encodeConfChange({ steps, joint: 'auto', context: none });
  return { kind: 'config', index, term: 3, data };
}

const write = (index: number, term = 3): Entry => ({ kind: 'normal', index, term, data: none });

/** A log from entry 10 on; 12 is applied. */
function recovered(conf: Partial<ConfState>, entries: readonly Entry[]): RecoveredState {
  return {
    hardState: { term: 4, vote: noMember, commit: 11 },
    base: { index: 10, term: 2 },
    entries: [write(11), write(12), ...entries],
    conf: { ...emptyConfState, ...conf },
    applied: 12,
  };
}

/** The membership when all that is not applied has been. */
function confAtEnd({ entries, applied, base, conf }: RecoveredState): ConfState {
  return entries.slice(applied - base.index).reduce((before, { kind, data }) => {
    const step = kind === 'config' ? parseConfChange(data) : null;
    const after = step === null ? before : applyConfChange(before, step);
    return typeof after === 'string' ? before : after;
  }, conf);
}

t.test('becomeSoleMember leaves one voter, whatever the membership was', async (t) => {
  const rows: readonly (readonly [string, Partial<ConfState>, readonly Entry[]])[] = [
    ['three voters', { voters: [a, b, c] }, []],
    ['a learner beside it', { voters: [a], learners: [b] }, []],
    ['itself a learner', { voters: [b, c], learners: [a] }, [write(13)]],
    [
      'a change that is not applied',
      { voters: [a, b] },
      [change(13, { kind: 'add-voter', id: c })],
    ],
    ['itself added only there', { voters: [b] }, [change(13, { kind: 'add-voter', id: a })]],
    ['between two memberships', { voters: [a, b], votersOutgoing: [a, c] }, []],
  ];
  for (const [name, conf, entries] of rows) {
    const before = recovered(conf, entries);
    const after = becomeSoleMember(before, a);
    if (after === null || after === 'not-a-member') throw new Error(name);
    t.same(confAtEnd(after), { ...emptyConfState, voters: [a] }, name);
    t.same(after.entries.slice(0, before.entries.length), before.entries, 'the log is kept');
    const last = after.entries.at(-1)!;
    t.same(after.hardState, { term: 5, vote: a, commit: last.index }, 'and all of it committed');
    t.ok(after.entries.every(({ index }, i) => index === 11 + i));
    t.equal(last.term, 5, 'in a term that nobody led');
  }
});

t.test(
  'becomeSoleMember does nothing for who is alone, and refuses who is no member',
  async (t) => {
    t.equal(becomeSoleMember(recovered({ voters: [a] }, [write(13)]), a), null);
    t.equal(becomeSoleMember(recovered({ voters: [b, c] }, []), a), 'not-a-member');
    const removed = [change(13, { kind: 'remove', id: a })];
    t.equal(becomeSoleMember(recovered({ voters: [a, b, c] }, removed), a), 'not-a-member');
  },
);
