import t from 'tap';
import { noDefects } from '../../../src/base/defect.js';
import type { ProposeRefusal } from '../../../src/raft/core/types.js';
import type { PeerMessage } from '../../../src/raft/node/contracts.js';
import { envelopeBytes } from '../../../src/raft/node/envelope.js';
import { ForwardIntake } from '../../../src/raft/node/forward-intake.js';
import { ProposalQueue } from '../../../src/raft/node/proposals.js';
import { EntryRoom, type RoomyData } from '../../../src/raft/wal/index.js';

const session = 7n;
const room = new EntryRoom();

function roomy(number: number): RoomyData {
  const data = room.allocate(1);
  data[0] = number;
  return data;
}
const resendMs = 500;

type Forward = Extract<PeerMessage, { kind: 'forward' }>;
type Reply = Extract<PeerMessage, { kind: 'forward-reply' }>;

function makeQueue(defects = noDefects, pendingMax = 100) {
  const queue = new ProposalQueue<string>({ session, pendingMax, defects });
  const outcomes: string[] = [];
  const add = (number: number, deadline = 1000) =>
    queue.add(number, new Uint8Array(0), deadline, {
      resolve: (result) => outcomes.push(`${number} ok ${result}`),
      reject: (error) => outcomes.push(`${number} ${error.code}`),
    });
  const forward = (term: number, now = 0) =>
    queue.forward(term, now, { resendMs, isHeld: false }) as Forward | undefined;
  return { queue, outcomes, add, forward };
}

const sent = (message: Forward | undefined) =>
  message && [message.firstSequence, message.proposals.map((item) => item.data[envelopeBytes])];

const reply = (term: number, acceptedSequence: number, ended = false): Reply => ({
  kind: 'forward-reply',
  session,
  term,
  acceptedSequence,
  ended,
  refusals: [],
});

t.test('ProposalQueue forwards each proposal once per term, numbered from 1', async (t) => {
  const { add, forward } = makeQueue();
  add(1);
  add(2);
  t.same(sent(forward(5)), [1, [1, 2]]);
  t.equal(forward(5), undefined, 'nothing new');
  add(3);
  t.same(sent(forward(5)), [3, [3]]);
});

t.test(
  'ProposalQueue resends what the leader has not confirmed, from the first unconfirmed',
  async (t) => {
    const { queue, add, forward } = makeQueue();
    add(1);
    add(2);
    forward(5, 0);
    queue.onForwardReply(reply(5, 1));
    t.equal(forward(5, 10), undefined, 'the leader is taking');
    t.equal(forward(5, resendMs + 9), undefined);
    t.same(sent(forward(5, resendMs + 10)), [2, [2]]);
    queue.onForwardReply(reply(5, 2));
    t.equal(forward(5, 10 * resendMs), undefined);
  },
);

t.test('ProposalQueue resends what was lost although it goes on sending', async (t) => {
  const { queue, add, forward } = makeQueue();
  add(1);
  t.same(sent(forward(5, 0)), [1, [1]], 'lost');
  for (let now = 100; now < resendMs; now += 100) {
    add(1 + now / 100);
    t.same(sent(forward(5, now)), [1 + now / 100, [1 + now / 100]]);
    queue.onForwardReply(reply(5, 0));
  }
  add(6);
  t.same(sent(forward(5, resendMs)), [1, [1, 2, 3, 4, 5, 6]]);
});

t.test('ProposalQueue does not resend while the leader takes what it is sent', async (t) => {
  const { queue, add, forward } = makeQueue();
  for (let number = 1; number <= 20; number++) {
    add(number);
    t.same(sent(forward(5, number * 100)), [number, [number]]);
    queue.onForwardReply(reply(5, number - 1));
  }
});

t.test('ProposalQueue forwards no more than a leader takes, and the rest can expire', async (t) => {
  const { queue, outcomes, add, forward } = makeQueue(noDefects, 10_000);
  for (let i = 0; i < 5000; i++) add(i % 200);
  t.equal(forward(5)?.proposals.length, 4096);
  queue.expire(1001);
  t.equal(outcomes.length, 5000);
  queue.onForwardReply(reply(5, 4096));
  t.equal(forward(5), undefined, 'what was not forwarded never will be');
  const mebibyte = new Uint8Array(1024 * 1024);
  const waiter = { resolve: () => {}, reject: () => {} };
  for (let i = 0; i < 20; i++) queue.add(1, mebibyte, 2000, waiter);
  t.equal(forward(5)?.proposals.length, 7, 'less than 8 MiB');
  queue.onForwardReply(reply(5, 4103));
  t.equal(forward(5)?.firstSequence, 4104);
});

t.test('ProposalQueue does not propose again because of a new leader alone', async (t) => {
  const { queue, add, forward } = makeQueue();
  add(1);
  forward(5);
  queue.onLeaderChange(6);
  t.equal(forward(6), undefined, 'it may still be committed');
  queue.onTermApplied(6);
  t.same(sent(forward(6)), [1, [1]], 'an applied entry of term 6 proves that it is lost');
});

t.test('ProposalQueue with the seeded defect proposes again at once', async (t) => {
  const { queue, add, forward } = makeQueue(new Set(['forward-retried-blindly']));
  add(1);
  forward(5);
  queue.onLeaderChange(6);
  t.same(sent(forward(6)), [1, [1]]);
});

t.test('ProposalQueue keeps the order of proposals that are proposed again', async (t) => {
  const { queue, add, forward } = makeQueue();
  add(1);
  add(2);
  forward(5);
  add(3);
  queue.onTermApplied(6);
  t.same(sent(forward(6)), [1, [1, 2, 3]]);
});

t.test('ProposalQueue proposes again what a leader that ended its term did not take', async (t) => {
  const { queue, add, forward } = makeQueue();
  add(1);
  add(2);
  forward(5);
  queue.onForwardReply(reply(5, 1, true));
  add(3);
  t.equal(forward(5), undefined, 'that term takes no more');
  t.same(sent(forward(6)), [1, [2, 3]], '1 was taken: its fate is open');
});

t.test(
  'ProposalQueue ignores answers of other sessions, terms and beyond what it sent',
  async (t) => {
    const { queue, add, forward } = makeQueue();
    add(1);
    forward(5);
    queue.onForwardReply({ ...reply(5, 0, true), session: 8n });
    queue.onForwardReply(reply(4, 0, true));
    queue.onForwardReply(reply(5, 9, true));
    t.same(sent(forward(5, resendMs)), [1, [1]], 'still the same stream');
  },
);

t.test('ProposalQueue lets a late refusal be about the term it is of', async (t) => {
  const { queue, add, forward } = makeQueue();
  add(1);
  forward(5);
  queue.onTermApplied(6);
  const proposed: number[] = [];
  const propose = (proposals: readonly { readonly data: Uint8Array }[]) => {
    proposed.push(...proposals.map((item) => item.data[envelopeBytes] ?? 0));
    return { taken: proposals.length, refusal: null };
  };
  queue.flushToCore(6, propose);
  queue.onForwardReply(reply(5, 0, true));
  queue.flushToCore(6, propose);
  t.same(proposed, [1], 'proposed once in term 6, though the leader of term 5 did not take it');
});

t.test('ProposalQueue reports refusals, results, deadlines, snapshots and closing', async (t) => {
  const { queue, add, forward, outcomes } = makeQueue();
  for (let number = 1; number <= 5; number++) add(number, number === 3 ? 10 : 1000);
  forward(5);
  queue.onForwardReply({ ...reply(5, 1), refusals: [{ sequence: 1, reason: 'config-invalid' }] });
  queue.onApplied(2, 'done');
  queue.expire(10);
  queue.cancel(4);
  add(6);
  queue.onStateReplaced();
  queue.close();
  t.same(outcomes, [
    '1 config-refused',
    '2 ok done',
    '3 timeout',
    '4 canceled',
    '5 timeout-leader-lost',
    '6 stopped',
  ]);
});

t.test('ProposalQueue refuses with busy beyond its bound', async (t) => {
  const { add, outcomes } = makeQueue(noDefects, 1);
  add(1);
  add(2);
  t.same(outcomes, ['2 busy']);
});

t.test('ForwardIntake takes each number once and in order', async (t) => {
  const intake = new ForwardIntake();
  const log: (number | undefined)[] = [];
  const take = (firstSequence: number, ...numbers: number[]) =>
    intake.onForward(
      {
        kind: 'forward',
        session,
        term: 5,
        firstSequence,
        proposals: numbers.map((number) => ({ kind: 'normal', data: roomy(number) })),
      },
      5,
      (proposals) => {
        log.push(...proposals.map((item) => item.data[0]));
        return { taken: proposals.length, refusal: null };
      },
    ) as Reply;
  t.equal(take(1, 1, 2).acceptedSequence, 2);
  t.equal(take(1, 1, 2, 3).acceptedSequence, 3, 'a duplicate with news');
  t.equal(take(6, 6).acceptedSequence, 3, 'a gap is not taken');
  t.equal(take(4, 4, 5, 6).acceptedSequence, 6);
  t.same(log, [1, 2, 3, 4, 5, 6]);
});

t.test(
  'ForwardIntake tells the truth after its term ended, and nothing of terms that it never led',
  async (t) => {
    const intake = new ForwardIntake();
    const forward = (term: number): Forward => ({
      kind: 'forward',
      session,
      term,
      firstSequence: 1,
      proposals: [{ kind: 'normal', data: roomy(0) }],
    });
    const takeAll = () => ({ taken: 1, refusal: null });
    t.match(intake.onForward(forward(5), 5, takeAll), { acceptedSequence: 1, ended: false });
    t.match(intake.onForward(forward(5), 0, takeAll), { acceptedSequence: 1, ended: true });
    t.equal(intake.onForward(forward(6), 0, takeAll), undefined);
    t.equal(intake.onForward(forward(5), 7, takeAll), undefined, 'the tables of term 5 are gone');
  },
);

t.test('ForwardIntake and ProposalQueue tell the proposer what is refused for good', async (t) => {
  const table: readonly (readonly [reason: ProposeRefusal, outcomes: readonly string[]])[] = [
    ['not-leader', []],
    ['transferring', []],
    ['too-much-uncommitted', []],
    ['config-pending', ['1 config-refused']],
    ['config-invalid', ['1 config-refused']],
    ['not-member', ['1 config-refused']],
    ['learner-not-ready', ['1 config-refused']],
  ];
  for (const [refusal, expected] of table) {
    const { queue, outcomes, add, forward } = makeQueue();
    add(1);
    const answer = new ForwardIntake().onForward(forward(5)!, 5, () => ({ taken: 0, refusal }));
    queue.onForwardReply(answer as Reply);
    t.same(outcomes, expected, refusal);
  }
});

t.test(
  'ForwardIntake stops where the core cannot take more, and skips what it refuses for good',
  async (t) => {
    const intake = new ForwardIntake();
    const answers = [
      { taken: 1, refusal: 'config-invalid' as const },
      { taken: 0, refusal: 'too-much-uncommitted' as const },
    ];
    const proposals = [1, 2, 3].map((number) => ({
      kind: 'normal' as const,
      data: roomy(number),
    }));
    const message: Forward = { kind: 'forward', session, term: 5, firstSequence: 1, proposals };
    const answer = intake.onForward(
      message,
      5,
      () => answers.shift() ?? { taken: 1, refusal: null },
    );
    t.match(answer, {
      acceptedSequence: 2,
      ended: false,
      refusals: [{ sequence: 2, reason: 'config-invalid' }],
    });
  },
);
