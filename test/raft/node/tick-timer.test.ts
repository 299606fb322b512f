import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { TickTimer } from '../../../src/raft/node/tick-timer.js';
import { ManualClock } from '../../store/manual-clock.js';

const tickMs = 100;

/** A timer with what it counted; `idle` says for how many ticks nothing is due whenever it wakes. */
function newTimer(idle = () => 0) {
  const clock = new ManualClock();
  const counts = { ticks: 0, wakes: 0 };
  const timer = new TickTimer({
    clock,
    tickMs,
    sleepTicksMax: 5,
    tick: () => counts.ticks++,
    onWake: () => {
      counts.wakes++;
      timer.sleep(idle());
    },
  });
  timer.sleep(idle());
  const counted = () => ({ ...counts });
  return { clock, timer, counted };
}

t.test('TickTimer wakes for each tick while something is due in each', async (t) => {
  const { clock, counted } = newTimer();
  await clock.advance(1000);
  t.same(counted(), { ticks: 10, wakes: 10 });
});

t.test('TickTimer sleeps through ticks without anything due, some at a time', async (t) => {
  const { clock, counted } = newTimer(() => 1000);
  await clock.advance(2000);
  t.same(counted(), { ticks: 20, wakes: 4 });
});

t.test('TickTimer.catchUp counts the ticks slept through so far, but for the last', async (t) => {
  const { clock, timer, counted } = newTimer(() => 3);
  await clock.advance(250);
  timer.catchUp();
  t.same(counted(), { ticks: 2, wakes: 0 });
  timer.catchUp();
  t.same(counted(), { ticks: 2, wakes: 0 }, 'each once');
  clock.jump(400);
  timer.catchUp();
  t.same(counted(), { ticks: 2, wakes: 0 }, 'the last is the timer’s, however late it is');
});

t.test('TickTimer.sleep keeps to the earlier moment', async (t) => {
  const { clock, timer, counted } = newTimer(() => 5);
  timer.sleep(9);
  await clock.advance(499);
  t.same(counted(), { ticks: 0, wakes: 0 });
  await clock.advance(1);
  t.same(counted(), { ticks: 5, wakes: 1 });
  await clock.advance(110);
  timer.catchUp();
  timer.sleep(0);
  await clock.advance(90);
  t.same(counted(), { ticks: 7, wakes: 2 }, 'the end of the tick under way, not a tick later');
});

for (const { stoppedMs, ticks } of [
  { stoppedMs: 99, ticks: 5 },
  { stoppedMs: 100, ticks: 1 },
  { stoppedMs: 60_000, ticks: 1 },
]) {
  t.test(`TickTimer counts ${ticks} when it is woken ${stoppedMs} ms late`, async (t) => {
    const { clock, counted } = newTimer(() => 5);
    clock.jump(500 + stoppedMs);
    await clock.advance(0);
    t.same(counted(), { ticks, wakes: 1 });
    await clock.advance(499);
    t.same(counted(), { ticks, wakes: 1 }, 'the next sleep begins when this one ended');
  });
}

t.test('TickTimer counts no more once closed', async (t) => {
  const { clock, timer, counted } = newTimer(() => 5);
  timer.close();
  timer.sleep(1);
  timer.catchUp();
  await clock.advance(1000);
  t.same(counted(), { ticks: 0, wakes: 0 });
  t.equal(clock.timerCount, 0);
});

t.test('TickTimer has counted as many ticks as have passed, whenever it is asked', async (t) => {
  for (let seed = 1; seed <= 200; seed++) {
    const prng = new Prng(seed);
    const { clock, timer, counted } = newTimer(() => prng.int(0, 8));
    let passedMs = 0;
    for (let step = 0; step < 50; step++) {
      const byMs = prng.int(0, 700);
      await clock.advance(byMs);
      passedMs += byMs;
      timer.catchUp();
      if (prng.chance(0.3)) timer.sleep(prng.int(0, 8));
      const { ticks } = counted();
      if (ticks === Math.floor(passedMs / tickMs)) continue;
      t.fail(`seed ${seed}, step ${step}: ${ticks} ticks in ${passedMs} ms`);
      return;
    }
  }
  t.pass();
});
