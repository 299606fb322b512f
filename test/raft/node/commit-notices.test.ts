import t from 'tap';
import { type MemberId, memberId } from '../../../src/base/ids.js';
import type { Message } from '../../../src/raft/core/types.js';
import { CommitNotices, holdMsMax } from '../../../src/raft/node/commit-notices.js';

const two = memberId(2n);
const three = memberId(3n);

function append(to: MemberId, commit: number, entryCount = 0): Message {
  return {
    kind: 'append',
    from: memberId(1n),
    to,
    term: 1,
    prevIndex: commit,
    prevTerm: 1,
    commit,
    wantsReply: entryCount > 0,
    entries: Array.from({ length: entryCount }, (_, i) => ({
      term: 1,
      index: commit + 1 + i,
      kind: 'normal' as const,
      data: new Uint8Array(0),
    })),
  };
}

/** What the messages tell whom. */
const told = (messages: readonly Message[]) =>
  messages.map((message) => [
    Number(message.to),
    message.kind === 'append' ? message.commit : message.kind,
  ]);

/** A notice, and entries soon after it: more entries are expected after the next notice. */
function expecting(): CommitNotices {
  const notices = new CommitNotices();
  notices.holdsBack(append(two, 1), 0);
  notices.endTurn(0);
  notices.holdsBack(append(two, 1, 1), holdMsMax / 2);
  return notices;
}

t.test('CommitNotices: only appends without entries are held back', async (t) => {
  const notices = new CommitNotices();
  t.equal(notices.holdsBack(append(two, 1, 1), 0), false);
  t.equal(
    notices.holdsBack(
      {
        kind: 'heartbeat',
        from: two,
        to: three,
        term: 1,
        commit: 1,
        readRound: 0,
        wantsReply: true,
      },
      0,
    ),
    false,
  );
  t.equal(notices.holdsBack(append(two, 1), 0), true);
});

t.test(
  'CommitNotices: a notice waits a turn, and no longer while no entries are expected',
  async (t) => {
    const notices = new CommitNotices();
    notices.holdsBack(append(two, 1), 0);
    notices.holdsBack(append(three, 1), 0);
    t.same(notices.endTurn(0), { due: [], againMs: 0 });
    const { due, againMs } = notices.endTurn(0);
    t.same(told(due), [
      [2, 1],
      [3, 1],
    ]);
    t.equal(againMs, null);
    t.same(notices.endTurn(0), { due: [], againMs: null });
  },
);

t.test('CommitNotices: entries that come meanwhile take the place of the notice', async (t) => {
  const notices = new CommitNotices();
  notices.holdsBack(append(two, 1), 0);
  notices.endTurn(0);
  t.equal(notices.holdsBack(append(two, 1, 1), 0), false);
  t.same(notices.endTurn(0), { due: [], againMs: null });
});

t.test('CommitNotices: a newer notice takes the place of one that waits', async (t) => {
  const notices = new CommitNotices();
  notices.holdsBack(append(two, 1), 0);
  notices.endTurn(0);
  notices.holdsBack(append(two, 2), 0);
  t.same(notices.endTurn(0), { due: [], againMs: 0 });
  t.same(told(notices.endTurn(0).due), [[2, 2]]);
});

t.test(
  'CommitNotices: while entries are expected a notice waits for them, for a bounded time',
  async (t) => {
    const notices = expecting();
    notices.holdsBack(append(two, 2), 10);
    t.same(notices.endTurn(10), { due: [], againMs: holdMsMax });
    t.same(notices.endTurn(10.25), { due: [], againMs: holdMsMax - 0.25 });
    t.same(told(notices.endTurn(10 + holdMsMax).due), [[2, 2]]);
  },
);

t.test(
  'CommitNotices: newer notices do not prolong the wait of a follower that gets no entries',
  async (t) => {
    const notices = expecting();
    for (let i = 0; i < 4; i++) {
      notices.holdsBack(append(two, 2 + i), 10 + i / 4);
      t.same(notices.endTurn(10 + i / 4).due, []);
    }
    t.same(told(notices.endTurn(10 + holdMsMax).due), [[2, 5]]);
  },
);

t.test('CommitNotices: entries that come late are not expected again', async (t) => {
  const notices = expecting();
  notices.holdsBack(append(two, 2), 10);
  notices.endTurn(10);
  notices.holdsBack(append(two, 2, 1), 10 + holdMsMax);
  notices.holdsBack(append(two, 3), 20);
  notices.endTurn(20);
  t.same(told(notices.endTurn(20).due), [[2, 3]]);
});

t.test(
  'CommitNotices: a follower with somebody waiting gets its notice after a turn',
  async (t) => {
    const notices = expecting();
    notices.await(three, 3);
    notices.await(three, 2);
    for (const commit of [2, 3, 4]) {
      notices.holdsBack(append(two, commit), 10);
      notices.holdsBack(append(three, commit), 10);
      notices.endTurn(10);
      const { due } = notices.endTurn(10);
      t.same(told(due), commit <= 3 ? [[3, commit]] : [], `commit ${commit}`);
    }
  },
);

t.test('CommitNotices: whoever begins to wait gets the notice that is held already', async (t) => {
  const notices = expecting();
  notices.holdsBack(append(two, 2), 10);
  notices.endTurn(10);
  t.same(notices.endTurn(10).due, []);
  notices.await(two, 2);
  t.same(told(notices.endTurn(10).due), [[2, 2]]);
});

t.test('CommitNotices: entries that carry the awaited commit end the wait', async (t) => {
  const notices = expecting();
  notices.await(two, 2);
  notices.holdsBack(append(two, 1), 10);
  notices.holdsBack(append(two, 2, 1), 10);
  notices.holdsBack(append(two, 3), 10);
  notices.endTurn(10);
  t.same(notices.endTurn(10).due, []);
});

t.test('CommitNotices: all that is held back can be taken at once', async (t) => {
  const notices = expecting();
  notices.holdsBack(append(two, 2), 10);
  notices.endTurn(10);
  notices.holdsBack(append(three, 2), 10);
  t.same(told(notices.takeAll()), [
    [2, 2],
    [3, 2],
  ]);
  t.same(notices.endTurn(20), { due: [], againMs: null });
});
