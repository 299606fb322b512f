import t from 'tap';
import { BackOff } from '../../../../src/control/kubelet/pods/back-off.js';
import { ManualClock } from '../../../store/manual-clock.js';

t.test(
  'BackOff: the first failure waits for nothing, later ones longer and longer up to the longest',
  async (t) => {
    const clock = new ManualClock();
    const backOff = new BackOff(clock, { baseMs: 10, maxMs: 40 });
    const pauses: number[] = [];
    for (let tries = 0; tries < 5; tries++) {
      const failedAtMs = clock.wallTime();
      pauses.push(backOff.remainingMs('a', failedAtMs));
      await clock.advance(backOff.remainingMs('a', failedAtMs));
      t.equal(backOff.remainingMs('a', failedAtMs), 0);
      backOff.next('a', failedAtMs);
    }
    t.same(pauses, [0, 10, 20, 40, 40]);
    t.equal(backOff.remainingMs('b', clock.wallTime()), 0, 'another key is not concerned');
  },
);

t.test('BackOff: what was well for twice the longest pause begins anew', async (t) => {
  const clock = new ManualClock();
  const backOff = new BackOff(clock, { baseMs: 10, maxMs: 40 });
  backOff.next('a', clock.wallTime());
  backOff.next('a', clock.wallTime());
  await clock.advance(81);
  t.equal(backOff.remainingMs('a', clock.wallTime()), 0);
  backOff.next('a', clock.wallTime());
  t.equal(backOff.pauseMs('a'), 10);
});
