import t from 'tap';
import { DispatchPace } from '../../../../src/control/apiserver/storage/dispatch-pace.js';
import { FakeClock, settled } from '../../../client/fake-channel.js';

/** A pace at which `told` watchers are told each time; `times` are when. */
function paceOf(told: number) {
  const clock = new FakeClock();
  const times: number[] = [];
  const pace = new DispatchPace(clock, () => {
    times.push(clock.now());
    return told;
  });
  return { clock, times, pace };
}

t.test('DispatchPace tells a few watchers at the end of each turn', async (t) => {
  const { clock, times, pace } = paceOf(10);
  const from = clock.now();
  for (let turn = 0; turn < 3; turn++) {
    pace.request();
    pace.request();
    t.equal(times.length, turn, 'not within the turn');
    await settled();
    t.equal(times.length, turn + 1);
  }
  t.ok(times.every((time) => time === from));
});

for (const { told, restMs } of [
  { told: 200, restMs: 10 },
  { told: 100_000, restMs: 50 },
]) {
  t.test(`DispatchPace leaves ${told} watchers alone for ${restMs} ms`, async (t) => {
    const { clock, times, pace } = paceOf(told);
    const from = clock.now();
    pace.request();
    await settled();
    t.same(times, [from], 'the first change is told at once');
    pace.request();
    await settled();
    await clock.advance(restMs - 1);
    await settled();
    pace.request();
    t.equal(times.length, 1);
    await clock.advance(1);
    await settled();
    t.same(times, [from, from + restMs], 'what came meanwhile is told together');
    await clock.advance(restMs);
    pace.request();
    await settled();
    t.equal(times.length, 3, 'after a rest it is at once again');
  });
}

t.test('DispatchPace: nothing is told after close', async (t) => {
  const { clock, times, pace } = paceOf(1000);
  pace.request();
  await settled();
  pace.request();
  pace.close();
  await clock.advance(1000);
  await settled();
  t.equal(times.length, 1);
});
