import t from 'tap';
import { silentLogger } from '../../../../src/base/logger.js';
import { WorkQueue, type WorkQueueObserver } from '../../../../src/control/client/index.js';
import type { ControllerFlag } from '../../../../src/control/controllers/controller.js';
import { flagValues } from '../../../../src/control/controllers/runtime/flag-values.js';
import { reconcileLoop } from '../../../../src/control/controllers/runtime/reconcile-loop.js';
import { runTogether } from '../../../../src/control/controllers/runtime/run-controllers.js';
import {
  ignoreNotFound,
  ignoreNotNeeded,
} from '../../../../src/control/controllers/runtime/write-failures.js';
import {
  alreadyExists,
  conflict,
  failure,
  notFound,
} from '../../../../src/control/machinery/status-errors.js';
import { ManualClock } from '../../../store/manual-clock.js';

const pods = { group: '', resource: 'pods' };

function looping(informers: readonly { untilSynced(signal: AbortSignal): Promise<void> }[]) {
  const clock = new ManualClock();
  const queue = new WorkQueue(clock);
  const stop = new AbortController();
  const seen: string[] = [];
  const observed: string[] = [];
  const observer: WorkQueueObserver = {
    onAdded: (waiting) => observed.push(`added ${waiting}`),
    onTaken: (waitedMs, waiting) => observed.push(`taken after ${waitedMs}, ${waiting} left`),
    onDone: (workedMs) => observed.push(`done in ${workedMs}`),
    onRetry: () => observed.push('retry'),
    follow: () => {},
  };
  let work: (key: string) => Promise<void> = async () => {};
  const ended = reconcileLoop({
    parts: {
      logger: silentLogger,
      observeQueue: (name) => {
        observed.push(`queue ${name}`);
        return observer;
      },
    },
    ...{ name: 'pods', queue, informers, workers: 2, signal: stop.signal },
    reconcile: async (key) => {
      seen.push(key);
      await work(key);
    },
  });
  const onKey = (next: (key: string) => Promise<void>) => {
    work = next;
  };
  return { clock, queue, stop, seen, observed, ended, onKey };
}

t.test('reconcileLoop: begins when its informers have everything', async (t) => {
  let sync = () => {};
  const synced = new Promise<void>((resolve) => {
    sync = resolve;
  });
  const { clock, queue, stop, seen, observed, ended } = looping([{ untilSynced: () => synced }]);
  queue.add('a');
  await clock.settle();
  t.same(seen, []);
  clock.jump(30);
  sync();
  await clock.settle();
  t.same(seen, ['a']);
  t.same(observed, ['queue pods', 'added 1', 'taken after 30, 0 left', 'done in 0']);
  stop.abort();
  await ended;
});

t.test('reconcileLoop: told to stop while it waits, it ends', async (t) => {
  const never = (signal: AbortSignal) =>
    new Promise<void>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  const { stop, seen, queue, ended } = looping([{ untilSynced: never }]);
  queue.add('a');
  stop.abort();
  await ended;
  t.same(seen, []);
});

t.test(
  'reconcileLoop: what fails is tried again; what is under way at the end is awaited',
  async (t) => {
    const { clock, queue, stop, seen, observed, ended, onKey } = looping([]);
    let failures = 2;
    onKey(async () => {
      if (failures-- > 0) throw conflict(pods, 'a', 'busy');
    });
    queue.add('a');
    await clock.advance(100);
    t.same(seen, ['a', 'a', 'a']);
    t.equal(observed.filter((each) => each === 'retry').length, 2);
    let finish = () => {};
    onKey(
      () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    );
    queue.add('b');
    await clock.settle();
    stop.abort();
    let hasEnded = false;
    void ended.then(() => {
      hasEnded = true;
    });
    await clock.settle();
    t.equal(hasEnded, false);
    finish();
    await ended;
  },
);

t.test('reconcileLoop: a bug ends it', async (t) => {
  const { queue, ended, onKey } = looping([]);
  onKey(async () => {
    throw new TypeError('a bug');
  });
  queue.add('a');
  await t.rejects(ended, /a bug/);
});

t.test('runTogether: a bug in one stops the others, and is what it rejects with', async (t) => {
  let stopped = 0;
  const patient = {
    run: (signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => {
          stopped++;
          resolve();
        });
      }),
  };
  const broken = { run: () => Promise.reject(new TypeError('a bug')) };
  await t.rejects(runTogether([patient, broken, patient], new AbortController().signal), /a bug/);
  t.equal(stopped, 2);
});

t.test('flagValues: gives what was given, or the default; else it is a bug', async (t) => {
  const flags: readonly ControllerFlag[] = [
    { name: 'workers', kind: 'integer', default: 5, help: '' },
    { name: 'rate', kind: 'number', default: 0.1, help: '' },
    { name: 'period', kind: 'duration', default: 1000, help: '' },
    { name: 'on', kind: 'boolean', default: true, help: '' },
    { name: 'range', kind: 'text', default: '', help: '' },
    { name: 'key-file', kind: 'file', default: '', help: '' },
  ];
  const none = flagValues(flags, new Map());
  t.same(
    [none.integer('workers'), none.number('rate'), none.durationMs('period'), none.boolean('on')],
    [5, 0.1, 1000, true],
  );
  t.same([none.text('range'), none.file('key-file')], ['', null]);
  const some = flagValues(
    flags,
    new Map<string, string | number>([
      ['workers', 9],
      ['key-file', 'PEM'],
    ]),
  );
  t.same([some.integer('workers'), some.file('key-file')], [9, 'PEM']);
  t.throws(() => some.integer('nosuch'), /does not declare the flag nosuch/);
  t.throws(() => some.text('workers'), /is of kind integer, not text/);
});

t.test('ignoreNotFound and ignoreNotNeeded: pass on what matters', async (t) => {
  const going = failure(403, 'Forbidden', '', { causes: [{ reason: 'NamespaceTerminating' }] });
  const cases = [
    [notFound(pods, 'a'), true, true],
    [alreadyExists(pods, 'a'), false, true],
    [going, false, true],
    [conflict(pods, 'a', ''), false, false],
    [new TypeError('a bug'), false, false],
  ] as const;
  for (const [error, isGone, isNotNeeded] of cases) {
    for (const [ignore, isIgnored] of [
      [ignoreNotFound, isGone],
      [ignoreNotNeeded, isNotNeeded],
    ] as const) {
      if (isIgnored) t.equal(ignore(error), null);
      else t.throws(() => ignore(error), error);
    }
  }
});
