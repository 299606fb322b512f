import t from 'tap';
import { inPieces } from '../../../../src/control/apiserver/handlers/in-pieces.js';

/** A clock on which each item takes a time, and which counts the turns of others. */
function paced(itemMs: number) {
  let nowMs = 0;
  let turns = 0;
  return {
    clock: {
      now: () => nowMs,
      defer(callback: () => void) {
        turns++;
        queueMicrotask(callback);
      },
    },
    work: (items: number) => {
      nowMs += items * itemMs;
    },
    turns: () => turns,
  };
}

async function lengths(count: number, itemMs: number) {
  const { clock, work, turns } = paced(itemMs);
  const items = Array.from({ length: count }, (_, at) => at);
  const made: number[] = [];
  const all: number[] = [];
  const firsts: boolean[] = [];
  for await (const piece of inPieces(items, clock, (piece, isFirst) => {
    work(piece.length);
    firsts.push(isFirst);
    return piece;
  })) {
    made.push(piece.length);
    all.push(...piece);
  }
  return {
    made,
    isWhole: all.every((each, at) => each === at) && all.length === count,
    turns: turns(),
    firsts,
  };
}

t.test('inPieces makes pieces as long as others can wait', async (t) => {
  const cases: readonly [count: number, itemMs: number, made: readonly number[]][] = [
    [0, 1, []],
    [100, 50, [100]],
    [101, 0, [8, 16, 32, 45]],
    [1000, 0, [8, 16, 32, 64, ...Array(8).fill(100), 80]],
    [108, 0.125, [8, 16, 32, 32, 20]],
    [101, 1, [8, ...Array(23).fill(4), 1]],
    [104, 20, [8, ...Array(96).fill(1)]],
  ];
  for (const [count, itemMs, expected] of cases) {
    const { made, isWhole, turns, firsts } = await lengths(count, itemMs);
    t.same(made, expected, `${count} items of ${itemMs} ms`);
    t.ok(isWhole);
    t.equal(turns, Math.max(0, made.length - 1), 'others have their turn between two');
    t.same(
      firsts,
      made.map((_, at) => at === 0),
    );
  }
});
