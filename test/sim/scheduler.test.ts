import t from 'tap';
import { Scheduler } from './scheduler.js';
import { Trace } from './trace.js';

function makeScheduler() {
  const scheduler = new Scheduler(new Trace(null));
  const log: string[] = [];
  const at = (delayMs: number, label: string, run: () => void = () => {}) =>
    scheduler.after(delayMs, 'test', label, () => {
      log.push(`${scheduler.now} ${label}`);
      run();
    });
  const run = (deadline = 1000, until = () => false) =>
    scheduler.run({ deadline, until, check: () => log.push('check') });
  return { scheduler, log, at, run };
}

t.test('Scheduler runs events by time, and those of one time as they were planned', async (t) => {
  const { log, at, run, scheduler } = makeScheduler();
  at(5, 'c');
  at(1, 'a');
  at(5, 'd');
  at(2, 'b');
  scheduler.cancel(at(3, 'cancelled'));
  await run();
  t.same(
    log.filter((line) => line !== 'check'),
    ['1 a', '2 b', '5 c', '5 d'],
  );
});

t.test(
  'Scheduler lets all that an event set off settle before the check and the next',
  async (t) => {
    const { log, at, run } = makeScheduler();
    at(1, 'a', () => {
      void (async () => {
        for (let i = 0; i < 50; i++) await null;
        process.nextTick(() => queueMicrotask(() => log.push('settled')));
      })();
    });
    at(1, 'b');
    await run();
    t.same(log, ['1 a', 'settled', 'check', '1 b', 'check']);
  },
);

t.test('Scheduler.run stops at its deadline and goes on from there', async (t) => {
  const { log, at, run, scheduler } = makeScheduler();
  at(1, 'a');
  at(10, 'b');
  await run(5);
  t.equal(scheduler.now, 5);
  t.same(log, ['1 a', 'check']);
  await run(10);
  t.same(log.at(-2), '10 b');
});

t.test('Scheduler.run stops when its condition holds', async (t) => {
  const { log, at, run } = makeScheduler();
  at(1, 'a');
  at(2, 'b');
  await run(1000, () => log.length >= 2);
  t.same(log, ['1 a', 'check']);
});

t.test('Scheduler.run rejects with what an event, a check or anybody else reports', async (t) => {
  const thrown = makeScheduler();
  thrown.at(1, 'a', () => {
    throw new Error('thrown');
  });
  await t.rejects(thrown.run(), { message: 'thrown' });
  const reported = makeScheduler();
  reported.at(1, 'a', () => reported.scheduler.fail(new Error('first')));
  reported.at(1, 'b', () => reported.scheduler.fail(new Error('second')));
  await t.rejects(reported.run(), { message: 'first' });
  const checked = makeScheduler();
  checked.at(1, 'a');
  const run = checked.scheduler.run({
    deadline: 9,
    until: () => false,
    check: () => {
      throw new Error('checked');
    },
  });
  await t.rejects(run, { message: 'checked' });
});
