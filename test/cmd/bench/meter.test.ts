import t from 'tap';
import { Meter } from '../../../src/cmd/bench/meter.js';
import { CallError, Status } from '../../../src/rpc/index.js';

const names = ['put'];

t.test(
  'Meter: the rate is of what ends in the measurement, latencies of what starts in it',
  async (t) => {
    const meter = new Meter(names, { isFixedTotal: false });
    meter.onSuccess(0, 1, 10, 90);
    meter.begin(100);
    meter.onSuccess(0, 1, 90, 110); // Ends in it.
    meter.onSuccess(0, 1, 110, 120); // Both.
    meter.onSuccess(0, 3, 120, 130); // Counts for three.
    meter.end(200);
    meter.onSuccess(0, 1, 190, 260); // Starts in it: a slow one is not left out.
    meter.onSuccess(0, 1, 210, 270);
    const [series] = meter.snapshot(200).series;
    t.equal(series!.completed, 5);
    t.same(
      series!.latencies,
      [
        [10_000, 2],
        [70_000, 1],
      ].map(([us, count]) => [near(series!.latencies, us!), count]),
    );
  },
);

/** The recorded value next to one: three digits are kept. */
function near(counts: readonly (readonly [number, number])[], us: number): number {
  return counts.find(([each]) => Math.abs(each - us) <= us / 500)?.[0] ?? Number.NaN;
}

t.test(
  'Meter: with a fixed number of calls those that start in it count, whenever they end',
  async (t) => {
    const meter = new Meter(names, { isFixedTotal: true });
    meter.begin(100);
    meter.onSuccess(0, 1, 90, 110);
    meter.onSuccess(0, 1, 110, 500);
    const [series] = meter.snapshot(500).series;
    t.equal(series!.completed, 1);
  },
);

t.test('Meter: a snapshot takes what came since the last, and failures by status', async (t) => {
  const meter = new Meter(names, { isFixedTotal: false });
  meter.begin(0);
  meter.onSuccess(0, 1, 1, 2);
  meter.onFailure(new CallError(Status.resourceExhausted, 'no space', true), 1, 2);
  meter.onFailure(new CallError(Status.unavailable, 'gone', false), 1, 2);
  meter.onFailure(new CallError(Status.unavailable, 'gone', false), 1, 2);
  t.same(meter.snapshot(1000).errors, { RESOURCE_EXHAUSTED: 1, UNAVAILABLE: 2 });
  const next = meter.snapshot(2000);
  t.equal(next.series[0]!.completed, 0);
  t.same(next.errors, {});
  t.equal(next.atMs, 2000);
});

t.test(
  'Meter: the longest gap is between successes, the beginning and the end included',
  async (t) => {
    const gapOf = (ends: readonly number[], end: number) => {
      const meter = new Meter(names, { isFixedTotal: false });
      meter.begin(1000);
      for (const at of ends) meter.onSuccess(0, 1, 1000, at);
      meter.end(end);
      const { longestGapMs, longestGapAtMs } = meter.snapshot(end);
      return [longestGapMs, longestGapAtMs];
    };
    t.same(gapOf([1010, 1400, 1450], 1500), [390, 400]);
    t.same(gapOf([1300, 1400], 1500), [300, 300], 'at the beginning');
    t.same(gapOf([1010], 1500), [490, 500], 'at the end');
    t.same(gapOf([], 1500), [500, 500], 'nothing at all');
  },
);

t.test('Meter: what has no answer, and events that do not come, are errors', async (t) => {
  const meter = new Meter(names, { isFixedTotal: false });
  meter.begin(0);
  meter.onUnanswered(0);
  meter.onMissing(0);
  t.same(meter.snapshot(1).errors, {});
  meter.onUnanswered(3);
  meter.onMissing(2);
  t.same(meter.snapshot(1).errors, { UNANSWERED: 3, MISSING_EVENTS: 2 });
});
