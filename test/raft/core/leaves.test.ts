import t, { type Test } from 'tap';
import { setVerify } from '../../../src/base/assert.js';
import { emptyBytes } from '../../../src/base/bytes.js';
import { memberId } from '../../../src/base/ids.js';
import { Prng } from '../../../src/base/prng.js';
import { Inflights } from '../../../src/raft/core/inflights.js';
import { jointVote, majorityValue, majorityVote } from '../../../src/raft/core/quorum.js';
import { entryBytes, RaftLog } from '../../../src/raft/core/raft-log.js';
import type { Entry } from '../../../src/raft/core/types.js';
import { ids } from './cluster.js';

setVerify(true);

t.test('majorityValue: the largest value that more than half have reached', (t) => {
  const prng = new Prng(1);
  t.equal(majorityValue([]), Number.POSITIVE_INFINITY);
  for (let run = 0; run < 2000; run++) {
    const values = Array.from({ length: prng.int(1, 10) }, () => prng.int(0, 6));
    const reached = (value: number) => values.filter((other) => other >= value).length;
    const expected = Math.max(...values.filter((value) => 2 * reached(value) > values.length));
    if (majorityValue([...values]) !== expected) t.fail(`majority of ${values}`);
  }
  t.end();
});

t.test('majorityVote: won by more than half, lost when that cannot be any more', (t) => {
  const prng = new Prng(2);
  for (let run = 0; run < 2000; run++) {
    const voters = ids(Array.from({ length: prng.int(1, 8) }, (_, i) => i + 1));
    const votes = new Map(
      ids([1, 2, 3, 4, 5, 6, 7, 8, 9])
        .filter(() => prng.chance(0.6))
        .map((id) => [id, prng.chance(0.5)]),
    );
    const count = (answer: boolean) => voters.filter((id) => votes.get(id) === answer).length;
    const isWon = 2 * count(true) > voters.length;
    const isLost = 2 * (voters.length - count(false)) <= voters.length;
    const expected = isWon ? 'won' : isLost ? 'lost' : 'pending';
    if (majorityVote(voters, votes) !== expected) t.fail(`vote of ${voters} by ${[...votes]}`);
  }
  t.equal(majorityVote([], new Map()), 'won');
  t.end();
});

t.test('jointVote: both halves win, either loses', (t) => {
  const votes = new Map(ids([1, 2]).map((id) => [id, true]));
  votes.set(memberId(9n), false);
  const rows = [
    [[1], [2], 'won'],
    [[1], [], 'won'],
    [[1], [9], 'lost'],
    [[9], [1], 'lost'],
    [[1], [5], 'pending'],
    [[5], [9], 'lost'],
    [[5], [6], 'pending'],
  ] as const;
  for (const [incoming, outgoing, expected] of rows) {
    t.equal(jointVote(ids(incoming), ids(outgoing), votes), expected);
  }
  t.end();
});

t.test('Inflights: does what a plain list does', (t) => {
  const prng = new Prng(3);
  for (let run = 0; run < 200; run++) {
    const messagesMax = prng.int(1, 40);
    const bytesMax = prng.int(1, 200);
    const inflights = new Inflights({ messagesMax, bytesMax });
    let list: { last: number; bytes: number }[] = [];
    let last = 0;
    for (let step = 0; step < 200; step++) {
      const total = list.reduce((sum, item) => sum + item.bytes, 0);
      const isFull = list.length >= messagesMax || total >= bytesMax;
      if (inflights.isFull !== isFull || inflights.count !== list.length) {
        t.fail(`run ${run}, step ${step}`);
      }
      if (!isFull && prng.chance(0.6)) {
        last += prng.int(1, 4);
        const bytes = prng.int(0, 20);
        inflights.add(last, bytes);
        list.push({ last, bytes });
      } else if (prng.chance(0.02)) {
        inflights.clear();
        list = [];
      } else {
        const to = prng.int(Math.max(0, last - 20), last + 2);
        inflights.freeTo(to);
        list = list.filter((item) => item.last > to);
      }
    }
  }
  const full = new Inflights({ messagesMax: 1, bytesMax: 10 });
  full.add(1, 99);
  t.throws(() => full.add(2, 1), /beyond the limit/);
  t.end();
});

t.test('RaftLog: does what a plain array of terms does', (t) => {
  const prng = new Prng(4);
  for (let run = 0; run < 200; run++) {
    const base = { index: prng.int(0, 3), term: 0 };
    base.term = base.index === 0 ? 0 : 1;
    const log = new RaftLog(base, []);
    // Terms by index, as far as known; entry 0 of a whole log has term 0.
    let terms = new Map([[base.index, base.term]]);
    let first = base.index;
    let last = base.index;
    let term = 1;
    const handedOut: { from: number; entries: readonly Entry[]; terms: number[] }[] = [];
    for (let step = 0; step < 150; step++) {
      const action = prng.int(0, 10);
      if (action < 5) {
        const entries: Entry[] = [];
        for (let n = prng.int(0, 5); n > 0; n--) {
          if (prng.chance(0.2)) term++;
          const data = prng.chance(0.5) ? emptyBytes : new Uint8Array(prng.int(1, 30));
          entries.push({ index: ++last, term, kind: 'normal', data });
          terms.set(last, term);
        }
        log.append(entries);
      } else if (action === 5 && last > first) {
        const from = prng.int(first + 1, last + 2);
        log.truncateFrom(from);
        for (let index = from; index <= last; index++) terms.delete(index);
        last = from - 1;
        term = Math.max(terms.get(last) ?? 0, term - 1, 1);
      } else if (action === 6) {
        const to = prng.int(first, last + 1);
        log.compactTo(to);
        for (let index = first; index < to; index++) terms.delete(index);
        first = to;
      } else if (action === 7 && prng.chance(0.1)) {
        first = last + 5;
        last = first;
        log.reset({ index: first, term });
        terms = new Map([[first, term]]);
      } else if (last > first) {
        const from = prng.int(first + 1, last + 1);
        const to = prng.int(from - 1, last + 1);
        const bytesMax = prng.pick([1, 60, Number.POSITIVE_INFINITY]);
        const entries = log.slice(from, to, bytesMax);
        handedOut.push({ from, entries, terms: entries.map((entry) => entry.term) });
        checkSlice(t, entries, { from, to, bytesMax });
      }
      checkLog(t, log, { terms, first, last });
    }
    for (const slice of handedOut) {
      t.same(
        slice.entries.map((e) => e.term),
        slice.terms,
        `slice from ${slice.from} is stable`,
      );
    }
  }
  t.end();
});

function checkSlice(
  t: Test,
  entries: readonly Entry[],
  asked: { from: number; to: number; bytesMax: number },
): void {
  const { from, to, bytesMax } = asked;
  const bytes = entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
  const isFitting = bytes <= bytesMax || entries.length === 1;
  const isWhole = entries.length === to - from + 1;
  const isConsecutive = entries.every((entry, i) => entry.index === from + i);
  if (!isFitting || !isConsecutive || (bytesMax === Number.POSITIVE_INFINITY && !isWhole)) {
    t.fail(`slice of ${from}..${to} within ${bytesMax} bytes`);
  }
}

function checkLog(
  t: Test,
  log: RaftLog,
  model: { terms: Map<number, number>; first: number; last: number },
): void {
  const { terms, first, last } = model;
  const isSame =
    log.baseIndex === first && log.lastIndex === last && log.lastTerm === terms.get(last);
  if (!isSame) t.fail(`log ${log.firstIndex}..${log.lastIndex}`);
  for (let index = first - 1; index <= last + 1; index++) {
    if (log.termAt(index) !== terms.get(index)) t.fail(`term at ${index}`);
  }
  for (let term = 0; term <= 4; term++) {
    // By walking: the largest index whose term is at most `term`.
    let expected = last;
    while (expected >= first && (terms.get(expected) as number) > term) expected--;
    if (log.agreementBound(last + 3, term) !== expected) t.fail(`bound at term ${term}`);
  }
}

t.test('RaftLog: entries must follow, and terms never decrease', (t) => {
  const log = new RaftLog({ index: 3, term: 2 }, []);
  const entry = (index: number, term: number): Entry => {
    return { index, term, kind: 'normal', data: emptyBytes };
  };
  t.throws(() => log.append([entry(5, 2)]), /does not follow/);
  t.throws(() => log.append([entry(4, 1)]), /is below/);
  log.append([entry(4, 2)]);
  t.throws(() => log.truncateFrom(3), /reaches base/);
  t.throws(() => log.compactTo(9), /term of entry 9/);
  t.end();
});
