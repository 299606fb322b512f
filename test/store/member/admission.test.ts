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

function refusal(steps: readonly ConfChangeStep[], status: CoreStatus) {
  return refuseConfChange(members, { steps, joint: 'auto', context: new Uint8Array(0) }, status);
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
