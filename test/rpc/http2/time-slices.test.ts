import t from 'tap';
import { TimeSlices } from '../../../src/rpc/http2/time-slices.js';
import { ManualClock } from '../../store/manual-clock.js';

t.test('TimeSlices runs tasks at once, until its slice of the turn is over', async (t) => {
  const clock = new ManualClock();
  const slices = new TimeSlices(clock);
  const ran: number[] = [];
  const runEach = (ids: readonly number[]) => {
    for (const id of ids) {
      slices.run(() => {
        ran.push(id);
        clock.jump(2);
      });
    }
  };
  runEach([1, 2, 3, 4, 5]);
  t.strictSame(ran, [1, 2, 3], 'the third passes 5 ms');
  await clock.settle();
  t.strictSame(ran, [1, 2, 3, 4, 5], 'the others have their turn');
  runEach([6]);
  t.strictSame(ran, [1, 2, 3, 4, 5, 6], 'a new turn, a new slice');
  await clock.settle();
});

t.test('TimeSlices keeps the order, and gives each turn a slice only', async (t) => {
  const clock = new ManualClock();
  const slices = new TimeSlices(clock);
  const ran: string[] = [];
  const task = (name: string, then?: () => void) => () => {
    ran.push(name);
    clock.jump(100);
    then?.();
  };
  slices.run(task('first'));
  slices.run(task('second', () => slices.run(task('fourth'))));
  slices.run(task('third'));
  clock.defer(() => ran.push('another turn'));
  await clock.settle();
  t.strictSame(ran, ['first', 'second', 'another turn', 'third', 'fourth']);
});
