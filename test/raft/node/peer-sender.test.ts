import t from 'tap';
import { type MemberId, memberId } from '../../../src/base/ids.js';
import type { Entry, Message } from '../../../src/raft/core/types.js';
import type { PeerMessage } from '../../../src/raft/node/contracts.js';
import { PeerSender } from '../../../src/raft/node/peer-sender.js';
import { ManualClock } from '../../store/manual-clock.js';

const one = memberId(1n);
const two = memberId(2n);
const entry: Entry = { term: 1, index: 1, kind: 'normal', data: new Uint8Array(0) };

const append = (commit: number, entries: readonly Entry[] = []): Message => ({
  kind: 'append',
  from: one,
  to: two,
  term: 1,
  prevIndex: commit,
  prevTerm: 1,
  commit,
  entries,
  wantsReply: entries.length > 0,
});

function newSender() {
  const clock = new ManualClock();
  const sent: string[] = [];
  let turns = 0;
  const sender = new PeerSender({
    clock,
    transport: {
      send: (to: MemberId, message: PeerMessage) => {
        if (message.kind !== 'raft') throw new Error(message.kind);
        const { message: inner } = message;
        const what = inner.kind === 'append' ? `commit ${inner.commit}` : inner.kind;
        sent.push(`${to}: ${what}${'entries' in inner && inner.entries.length > 0 ? ' +' : ''}`);
      },
      flush: () => {},
      setPeers: () => {},
      close: () => Promise.resolve(),
    },
    schedule: () => turns++,
  });
  const takeSent = () => sent.splice(0);
  const takeTurns = () => {
    const count = turns;
    turns = 0;
    return count;
  };
  /** Entries soon after a notice: more are expected after the next. */
  const warmUp = () => {
    sender.send([append(1)]);
    sender.endTurn();
    sender.send([append(1, [entry])]);
    sender.endTurn();
    takeSent();
    takeTurns();
  };
  return { clock, sender, takeSent, takeTurns, warmUp };
}

t.test('PeerSender sends at once all but notices, and those after a turn', async (t) => {
  const { sender, takeSent, takeTurns } = newSender();
  sender.send([append(1, [entry]), append(2)]);
  t.same(takeSent(), ['2: commit 1 +']);
  sender.endTurn();
  t.same([takeSent(), takeTurns()], [[], 1], 'another turn is asked for');
  sender.endTurn();
  t.same([takeSent(), takeTurns()], [['2: commit 2'], 0]);
});

t.test('PeerSender wakes the loop, once, for a notice that waits for entries', async (t) => {
  const { clock, sender, takeSent, takeTurns, warmUp } = newSender();
  warmUp();
  sender.send([append(2)]);
  sender.endTurn();
  sender.endTurn();
  sender.endTurn();
  t.same([takeSent(), takeTurns()], [[], 0]);
  await clock.advance(2);
  t.equal(takeTurns(), 1);
  sender.endTurn();
  t.same([takeSent(), takeTurns()], [['2: commit 2'], 0]);
});

t.test('PeerSender does not wake the loop for a notice whose entries have come', async (t) => {
  const { clock, sender, takeSent, takeTurns, warmUp } = newSender();
  warmUp();
  sender.send([append(2)]);
  sender.endTurn();
  sender.send([append(2, [entry])]);
  sender.endTurn();
  t.same([takeSent(), takeTurns()], [['2: commit 2 +'], 0]);
  await clock.advance(2);
  t.equal(takeTurns(), 0);
});

t.test('PeerSender keeps nobody waiting who asked: forwarded writes, and reads', async (t) => {
  const { sender, takeSent, warmUp } = newSender();
  const cases: readonly (() => void)[] = [
    () => sender.awaitCommit(two, 2),
    () =>
      sender.send([
        { kind: 'read-index-reply', from: one, to: two, term: 1, requestId: 1, index: 2, ok: true },
      ]),
  ];
  for (const ask of cases) {
    warmUp();
    sender.send([append(2)]);
    sender.endTurn();
    ask();
    takeSent();
    sender.endTurn();
    t.same(takeSent(), ['2: commit 2']);
  }
});

t.test('PeerSender.sendHeld sends all, and after close nothing wakes the loop', async (t) => {
  const { clock, sender, takeSent, takeTurns, warmUp } = newSender();
  warmUp();
  sender.send([append(2)]);
  sender.sendHeld();
  t.same(takeSent(), ['2: commit 2']);
  sender.send([append(3)]);
  sender.endTurn();
  sender.endTurn();
  takeTurns();
  sender.close();
  await clock.advance(10);
  t.equal(takeTurns(), 0);
});
