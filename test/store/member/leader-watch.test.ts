import t from 'tap';
import { memberId, noMember } from '../../../src/base/ids.js';
import { LeaderWatch } from '../../../src/store/member/leader-watch.js';
import { ManualClock } from '../manual-clock.js';

const leader = memberId(1n);

t.test(
  'LeaderWatch aborts after the time without a leader, and has a fresh signal once there is one',
  async (t) => {
    const clock = new ManualClock();
    const watch = new LeaderWatch(clock, 3000);
    await clock.advance(2999);
    t.equal(watch.lost.aborted, false);
    await clock.advance(1);
    t.equal(watch.lost.aborted, true);
    watch.onLeader(leader);
    t.equal(watch.lost.aborted, false);
  },
);

t.test('LeaderWatch starts counting again at each loss, not at each report of one', async (t) => {
  const clock = new ManualClock();
  const watch = new LeaderWatch(clock, 3000);
  watch.onLeader(leader);
  await clock.advance(10_000);
  t.equal(watch.lost.aborted, false);
  watch.onLeader(noMember);
  await clock.advance(2000);
  watch.onLeader(noMember);
  await clock.advance(1000);
  t.equal(watch.lost.aborted, true);
  watch.close();
  t.equal(clock.timerCount, 0);
});
