import t from 'tap';
import { IncarnationClock, MachineTime } from './clock.js';
import { Scheduler } from './scheduler.js';
import { Trace } from './trace.js';

function makeMachine() {
  const scheduler = new Scheduler(new Trace(null));
  const machine = new MachineTime({ scheduler, owner: 'm', localStart: 100, wall: 5_000 });
  const log: string[] = [];
  const note = (what: string) => () => {
    log.push(`${scheduler.now} ${what}`);
  };
  const runTo = (deadline: number) =>
    scheduler.run({ deadline, until: () => false, check: () => {} });
  return { scheduler, machine, clock: new IncarnationClock(machine), log, note, runTo };
}

t.test('MachineTime runs at its own rate, also when that changes', async (t) => {
  const { machine, clock, log, note, runTo } = makeMachine();
  machine.setRate(2);
  clock.setTimer(10, note('timer'));
  await runTo(10);
  t.same(log, ['5 timer'], '10 local milliseconds are 5 virtual ones');
  t.equal(clock.now(), 120);
  machine.setRate(0.5);
  await runTo(20);
  t.equal(clock.now(), 125);
});

t.test(
  'MachineTime holds back everything while it is paused, then all happens in order',
  async (t) => {
    const { machine, clock, log, note, runTo } = makeMachine();
    clock.setTimer(1, note('timer'));
    machine.plan(2, 'message', note('message'));
    const cancelled = clock.setTimer(3, note('cancelled'));
    machine.pause();
    await runTo(10);
    t.same(log, []);
    t.equal(clock.now(), 110, 'its clock goes on');
    clock.clearTimer(cancelled);
    machine.resume();
    await runTo(11);
    t.same(log, ['10 timer', '10 message']);
  },
);

t.test('IncarnationClock loses its timers when its process dies', async (t) => {
  const { clock, log, note, runTo } = makeMachine();
  clock.setTimer(1, note('timer'));
  clock.defer(note('defer'));
  clock.kill();
  clock.setTimer(1, note('after death'));
  await runTo(10);
  t.same(log, []);
});

t.test('MachineTime.jumpWall moves the wall clock alone', async (t) => {
  const { machine, clock } = makeMachine();
  machine.jumpWall(-1_000);
  t.equal(clock.wallTime(), 4_000);
  t.equal(clock.now(), 100);
});
