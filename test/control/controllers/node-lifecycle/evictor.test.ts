import t from 'tap';
import { Evictor } from '../../../../src/control/controllers/node-lifecycle/evictor.js';
import { ManualClock } from '../../../store/manual-clock.js';

t.test('Evictor gives nodes out at the rate of their zone, the first at once', async (t) => {
  const clock = new ManualClock();
  const out: string[] = [];
  const evictor = new Evictor(clock, 0.1, (name) => out.push(name));
  for (const name of ['a1', 'a2', 'a3']) evictor.add('a', name);
  evictor.add('b', 'b1');
  await clock.advance(0);
  t.same(out, ['a1', 'b1']);
  evictor.add('a', 'a2');
  await clock.advance(9999);
  t.same(out, ['a1', 'b1']);
  await clock.advance(1);
  t.same(out, ['a1', 'b1', 'a2']);
  evictor.remove('a3');
  await clock.advance(60_000);
  t.same(out, ['a1', 'b1', 'a2'], 'who is well again is not given up');
  t.equal(clock.timerCount, 0, 'nothing waits for nobody');
});

t.test('Evictor stops a zone, and goes on with its last turn in mind', async (t) => {
  const clock = new ManualClock();
  const out: string[] = [];
  const evictor = new Evictor(clock, 1, (name) => out.push(name));
  evictor.add('a', 'a1');
  evictor.add('a', 'a2');
  await clock.advance(0);
  evictor.setRate('a', 0);
  await clock.advance(100_000);
  t.same(out, ['a1']);
  evictor.add('a', 'a3');
  evictor.setRate('a', 0.01);
  await clock.advance(0);
  t.same(out, ['a1', 'a2'], '100 s have passed');
  await clock.advance(99_000);
  t.same(out, ['a1', 'a2']);
  evictor.setRate('a', 1);
  await clock.advance(0);
  t.same(out, ['a1', 'a2', 'a3']);
});

t.test('Evictor moves a node whose zone has changed, and ends', async (t) => {
  const clock = new ManualClock();
  const out: string[] = [];
  const evictor = new Evictor(clock, 1, (name) => out.push(name));
  evictor.setRate('stopped', 0);
  evictor.add('stopped', 'a');
  await clock.advance(5000);
  evictor.add('other', 'a');
  await clock.advance(0);
  t.same(out, ['a']);
  evictor.add('other', 'b');
  evictor.close();
  await clock.advance(5000);
  t.same(out, ['a']);
});
