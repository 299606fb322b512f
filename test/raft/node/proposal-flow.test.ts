import t from 'tap';
import { noDefects } from '../../../src/base/defect.js';
import { memberId } from '../../../src/base/ids.js';
import type { Role } from '../../../src/raft/core/types.js';
import type { PeerMessage } from '../../../src/raft/node/contracts.js';
import { ProposalFlow } from '../../../src/raft/node/proposal-flow.js';
import { ProposalQueue } from '../../../src/raft/node/proposals.js';
import { ManualClock } from '../../store/manual-clock.js';

const crowd = 1000;

function makeFlow(role: Role) {
  const clock = new ManualClock();
  const core = { role, leader: memberId(2n), term: 5, commit: 0, lastIndex: 0 };
  const proposals = new ProposalQueue<number>({
    session: 7n,
    pendingMax: 2 * crowd,
    defects: noDefects,
  });
  /** Sizes of the batches that were proposed or forwarded. */
  const batches: number[] = [];
  const outcomes: (number | string)[] = [];
  const flow = new ProposalFlow({
    core,
    clock,
    proposals,
    transport: {
      send: (_to, message: PeerMessage) => {
        if (message.kind === 'forward') batches.push(message.proposals.length);
      },
    },
    intake: {
      take: (queued) => {
        batches.push(queued.length);
        core.lastIndex += queued.length;
        return { taken: queued.length, refusal: null };
      },
    },
    requestTimeoutMs: 1000,
    resendMs: 500,
    schedule: () => flow.flush(),
  });
  const waiter = {
    resolve: (result: number) => outcomes.push(result),
    reject: (error: { readonly code: string }) => outcomes.push(error.code),
  };
  /** So many proposals come, one in each turn of the loop. */
  const add = (count: number, signal?: AbortSignal) => {
    for (let i = 0; i < count; i++) {
      flow.add(1, new Uint8Array(1), waiter, signal);
      flow.flush();
    }
  };
  /** All that was proposed is committed and applied. */
  const commit = () => {
    for (let number = core.commit + 1; number <= core.lastIndex; number++) {
      proposals.onApplied(number, number);
    }
    core.commit = core.lastIndex;
    flow.flush();
  };
  return { clock, core, flow, proposals, batches, outcomes, waiter, add, commit };
}

t.test('ProposalFlow proposes at once while few wait', async (t) => {
  const { batches, add, commit } = makeFlow('leader');
  add(3);
  t.same(batches, [1, 1, 1]);
  commit();
  add(1);
  t.same(batches, [1, 1, 1, 1]);
});

t.test(
  'ProposalFlow has many take turns: half of them gather while half are on their way',
  async (t) => {
    const { proposals, batches, add, commit } = makeFlow('leader');
    add(crowd);
    const proposed = batches.reduce((sum, size) => sum + size, 0);
    t.ok(proposed >= crowd / 2, `${proposed} are on their way`);
    t.ok(batches.length < 100, `in ${batches.length} batches`);
    batches.length = 0;
    commit();
    t.same(batches, [], 'those that were answered are expected to ask again');
    while (batches.length === 0 && proposals.pendingCount < crowd) add(1);
    t.same(batches, [proposed / 2]);
  },
);

t.test('ProposalFlow keeps what gathers for some milliseconds, and no longer', async (t) => {
  const { clock, batches, add, commit, outcomes } = makeFlow('leader');
  add(crowd);
  const proposed = batches.reduce((sum, size) => sum + size, 0);
  commit();
  batches.length = 0;
  add(10);
  t.same(batches, [], 'more are expected');
  await clock.advance(15);
  t.same(batches, []);
  await clock.advance(1);
  t.same(batches, [crowd - proposed + 10]);
  commit();
  t.equal(outcomes.length, crowd + 10);
  t.equal(clock.timerCount, 0);
});

t.test('ProposalFlow forwards in the same way when another member leads', async (t) => {
  const { clock, flow, proposals, batches, add, outcomes } = makeFlow('follower');
  add(2);
  t.same(batches, [1, 1]);
  add(crowd);
  const forwarded = batches.reduce((sum, size) => sum + size, 0);
  t.ok(batches.length < 100, `${batches.length} messages`);
  proposals.onForwardReply({
    kind: 'forward-reply',
    session: 7n,
    term: 5,
    acceptedSequence: forwarded,
    ended: false,
    refusals: [],
  });
  batches.length = 0;
  flow.flush();
  await clock.advance(16);
  t.equal(
    batches.reduce((sum, size) => sum + size, 0),
    crowd + 2 - forwarded,
    'all are sent in the end',
  );
  proposals.close();
  t.same(new Set(outcomes), new Set(['stopped']));
});

t.test('ProposalFlow asks for no turn after it was closed', async (t) => {
  const { clock, flow, batches, add, commit } = makeFlow('leader');
  add(crowd);
  commit();
  batches.length = 0;
  add(1);
  t.equal(clock.timerCount, 1);
  flow.close();
  await clock.advance(100);
  t.same(batches, []);
});

t.test('ProposalFlow takes back what its caller gave up, proposed or not', async (t) => {
  const { flow, proposals, waiter, outcomes } = makeFlow('leader');
  const controller = new AbortController();
  flow.add(1, new Uint8Array(1), waiter, controller.signal);
  flow.addConfChange(
    {
      steps: [{ kind: 'add-voter', id: memberId(9n) }],
      joint: 'auto',
      context: new Uint8Array(0),
    },
    waiter,
    controller.signal,
  );
  t.equal(proposals.queuedCount, 2);
  controller.abort();
  t.same(outcomes, ['canceled', 'canceled']);
  t.equal(proposals.queuedCount, 0);
});
