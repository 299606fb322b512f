import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import type { Change } from '../../../../src/control/apiserver/storage/change.js';
import { EventWindow } from '../../../../src/control/apiserver/storage/event-window.js';
import { creationOf } from './item.js';

const roomy = { changesMin: 1, changesMax: 1e6, bytesMax: 1e9, keepMs: 1e9 };

t.test('EventWindow: after its floor nothing is missing, for any limits', async (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const prng = new Prng(seed);
    const limits = {
      changesMin: prng.int(1, 20),
      changesMax: prng.int(20, 3000),
      bytesMax: prng.int(1000, 100_000),
      keepMs: prng.int(1, 1000),
    };
    const window = new EventWindow(7, limits);
    const all: Change[] = [];
    let revision = 7;
    let nowMs = 0;
    for (let i = 0; i < 4000; i++) {
      if (all.length === 0 || !prng.chance(0.2)) revision += prng.int(1, 3);
      nowMs += prng.int(0, 3);
      const change = creationOf(`a/x${i}`, revision, prng.int(1, 200));
      all.push(change);
      window.push(change, nowMs);
      if (i % 37 !== 0) continue;
      const from = prng.int(window.floor, revision + 2);
      const expected = all.filter((each) => each.revision > from);
      const seen = window.after(from);
      if (seen.length !== expected.length || seen.some((each, at) => each !== expected[at])) {
        t.fail(`seed ${seed}: after ${from} are ${seen.length}, not ${expected.length} changes`);
        return;
      }
    }
    t.ok(window.size <= limits.changesMax, `seed ${seed}: at most changesMax are kept`);
    const kept = window.after(window.floor);
    t.equal(kept.length, window.size);
    t.ok(kept.reduce((sum, { size }) => sum + size, 0) <= limits.bytesMax || kept.length === 1);
    t.equal(
      all[all.length - kept.length - 1]?.revision,
      window.floor,
      'the floor is the last gone',
    );
  }
});

t.test(
  'EventWindow: what is old goes beyond changesMin, so the window grows with the load',
  (t) => {
    const window = new EventWindow(0, { ...roomy, changesMin: 3, keepMs: 100 });
    for (let i = 1; i <= 10; i++) window.push(creationOf('a/x', i), 0);
    t.equal(window.size, 10, 'all are young');
    window.push(creationOf('a/x', 11), 101);
    t.equal(window.size, 3);
    t.equal(window.floor, 8);
    t.end();
  },
);

t.test('EventWindow: a revision goes whole', (t) => {
  const window = new EventWindow(0, { ...roomy, changesMax: 2 });
  window.push(creationOf('a/x', 1), 0);
  window.push(creationOf('a/y', 1), 0);
  window.push(creationOf('a/z', 2), 0);
  t.equal(window.floor, 1);
  t.same(
    window.after(1).map(({ key }) => key),
    ['a/z'],
  );
  t.throws(() => window.after(0), /does not reach back/);
  t.end();
});

t.test('EventWindow: one change is kept however large it is', (t) => {
  const window = new EventWindow(0, { ...roomy, bytesMax: 10 });
  window.push(creationOf('a/x', 1, 1000), 0);
  t.equal(window.size, 1);
  t.equal(window.floor, 0);
  window.push(creationOf('a/y', 2, 1000), 0);
  t.equal(window.floor, 1);
  t.end();
});

t.test('EventWindow: changes that go back are a bug', (t) => {
  const window = new EventWindow(0, roomy);
  window.push(creationOf('a/x', 2), 0);
  t.throws(() => window.push(creationOf('a/y', 1), 0), /in order/);
  t.end();
});
