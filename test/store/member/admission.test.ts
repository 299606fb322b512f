import t from 'tap';
import { memberId, noMember } from '../../../src/base/ids.js';
import type { ConfChangeStep, CoreStatus } from '../../../src/raft/core/types.js';
import { refuseConfChange } from '../../../src/store/member/admission.js';

const id = (value: number) => memberId(BigInt(value));
const leaderId = id(1);
const learnerId = id(4);
const members = { isRemoved: (member: bigint) => member === 9n };

type Progress = CoreStatus['progress'] extends ReadonlyMap<infer _Id, infer P> ? P : never;

/** A leader of three with a learner; the leader's own log is durable up to 1000 of 2000. */
function leader(learner: Partial<Progress> | null): CoreStatus {
  const peer = (fields: Partial<Progress>): Progress => ({
    match: 1000,
    next: 1001,
    state: 'replicate',
    recentlyActive: true,
    isLearner: false,
    ...fields,
  });
  const progress = new Map([1, 2, 3].map((member) => [id(member), peer({})]));
  if (learner !== null) progress.set(learnerId, peer({ isLearner: true, ...learner }));
  return {
    id: leaderId,
    role: 'leader',
    term: 2,
    vote: leaderId,
    leader: leaderId,
    commit: 1000,
    applied: 1000,
    firstIndex: 1,
    lastIndex: 2000,
    durableIndex: 1000,
    conf: {
      voters: [1, 2, 3].map(id),
      votersOutgoing: [],
      learners: [learnerId],
      learnersNext: [],
      autoLeave: false,
    },
    transferee: noMember,
    progress,
  };
}

function refusal(steps: readonly ConfChangeStep[], status: CoreStatus, isStrict = false) {
  const change = { steps, joint: 'auto', context: new Uint8Array(0) } as const;
  return refuseConfChange(members, change, status, { isStrict });
}

/** A leader of so many voters, of which those with the given numbers are away. */
function leaderOf(voters: number, away: readonly number[]): CoreStatus {
  const status = leader(null);
  const ids = Array.from({ length: voters }, (_, i) => id(i + 1));
  const progress = new Map(
    ids.map((voter) => [
      voter,
      { ...status.progress.get(leaderId)!, recentlyActive: !away.includes(Number(voter)) },
    ]),
  );
  return { ...status, conf: { ...status.conf, voters: ids, learners: [] }, progress };
}

const promote = { kind: 'add-voter', id: learnerId } as const;

t.test('refuseConfChange lets a learner become a voter once it has caught up', async (t) => {
  const table: readonly (readonly [string, Partial<Progress> | null, string | null])[] = [
    ['it has nothing yet', { match: 0 }, 'learner-not-ready'],
    ['it has just too little', { match: 899 }, 'learner-not-ready'],
    ['it has 9 tenths of what the leader has on disk', { match: 900 }, null],
    ['it has more on disk than the leader', { match: 1500 }, null],
    ['it had caught up, but is away', { recentlyActive: false }, 'learner-not-ready'],
    ['the leader has never heard of it', null, 'learner-not-ready'],
  ];
  for (const [what, learner, expected] of table) {
    t.equal(refusal([promote], leader(learner)), expected, what);
  }
});

t.test('refuseConfChange judges every step, and promotions only', async (t) => {
  const behind = leader({ match: 0 });
  const table: readonly (readonly [string, readonly ConfChangeStep[], string | null])[] = [
    ['nothing: a joint configuration is left', [], null],
    ['a new voter', [{ kind: 'add-voter', id: id(5) }], null],
    ['a new learner', [{ kind: 'add-learner', id: id(5) }], null],
    ['a voter again', [{ kind: 'add-voter', id: id(2) }], null],
    ['the learner goes', [{ kind: 'remove', id: learnerId }], null],
    ['it is promoted in a swap', [{ kind: 'remove', id: id(2) }, promote], 'learner-not-ready'],
    ['a removed member as a voter', [{ kind: 'add-voter', id: id(9) }], 'config-invalid'],
    ['a removed member as a learner', [{ kind: 'add-learner', id: id(9) }], 'config-invalid'],
    ['a removed member is removed again', [{ kind: 'remove', id: id(9) }], null],
  ];
  for (const [what, steps, expected] of table) t.equal(refusal(steps, behind), expected, what);
});

t.test(
  'refuseConfChange keeps those that are connected a majority, when it is strict',
  async (t) => {
    const add = [{ kind: 'add-voter', id: id(8) }] as const;
    const learn = [{ kind: 'add-learner', id: id(8) }] as const;
    const remove = (member: number) => [{ kind: 'remove', id: id(member) }] as const;
    const table: readonly (readonly [
      number,
      readonly number[],
      readonly ConfChangeStep[],
      boolean,
    ])[] = [
      [1, [], add, true],
      [2, [], add, true],
      [2, [2], add, false],
      [3, [], add, true],
      [3, [3], add, false],
      [3, [3], learn, false],
      [4, [4], add, true],
      [5, [5], learn, true],
      [5, [4, 5], add, false],
      [5, [4, 5], learn, false],
      [3, [3], remove(3), true],
      [3, [3], remove(2), false],
      [3, [3], remove(1), false],
      [3, [], remove(1), true],
      [5, [5], remove(2), true],
      [5, [4, 5], remove(2), false],
      [4, [3, 4], remove(2), false],
    ];
    for (const [voters, away, steps, isAllowed] of table) {
      const what = `${voters} voters without ${away.join() || 'none'}: ${steps[0]?.kind} ${steps[0]?.id}`;
      const expected = isAllowed ? null : 'quorum-at-risk';
      t.equal(refusal(steps, leaderOf(voters, away), true), expected, what);
      t.equal(refusal(steps, leaderOf(voters, away), false), null, `${what}, not strict`);
    }
  },
);
