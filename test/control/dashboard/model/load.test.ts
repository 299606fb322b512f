import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import {
  histogramSince,
  quantile,
  quantileOf,
  sumHistogram,
} from '../../../../src/control/dashboard/model/histogram.js';
import { PodMilestones } from '../../../../src/control/dashboard/model/pod-milestones.js';
import { parseMetrics } from '../../../../src/control/dashboard/model/prometheus.js';
import { loadBetween, readLoad } from '../../../../src/control/dashboard/model/server-load.js';
import { TimeSeries } from '../../../../src/control/dashboard/model/time-series.js';

const bucket = 'apiserver_request_duration_seconds_bucket';

t.test('parseMetrics reads labels with anything in them', (t) => {
  const text = [
    '# HELP x y',
    'plain 1.5',
    'labels{a="1",b="quo\\"te, }{ \\\\ \\n"} 2 1700000000',
    'inf{le="+Inf"} +Inf',
    'not a metric at all {',
    '',
  ].join('\n');
  t.strictSame(
    parseMetrics(text, () => true),
    [
      { name: 'plain', labels: {}, value: 1.5 },
      { name: 'labels', labels: { a: '1', b: 'quo"te, }{ \\ \n' }, value: 2 },
      { name: 'inf', labels: { le: '+Inf' }, value: Number.POSITIVE_INFINITY },
    ],
  );
  t.strictSame(parseMetrics(text, (name) => name === 'plain').length, 1);
  t.end();
});

t.test('quantile is as near to the true one as the buckets are narrow', (t) => {
  const seed = 20_260_101;
  const prng = new Prng(seed);
  for (let round = 0; round < 50; round++) {
    const values = Array.from({ length: 1 + prng.int(0, 200) }, () => prng.float() * 10);
    const bounds = [
      ...Array.from({ length: 20 }, (_, at) => (at + 1) / 2),
      Number.POSITIVE_INFINITY,
    ];
    const counts = bounds.map((bound) => values.filter((value) => value <= bound).length);
    for (const fraction of [0.01, 0.5, 0.9, 0.99, 1]) {
      const found = quantile({ bounds, counts }, fraction);
      const wanted = quantileOf(values, fraction);
      t.ok(
        Math.abs((found ?? Number.NaN) - (wanted ?? Number.NaN)) <= 0.5,
        `seed ${seed}, round ${round}`,
      );
    }
  }
  t.equal(quantile({ bounds: [1], counts: [0] }, 0.5), null);
  t.equal(quantile({ bounds: [1, Number.POSITIVE_INFINITY], counts: [0, 3] }, 0.5), 1);
  t.equal(quantileOf([], 0.5), null);
  t.end();
});

t.test('histogramSince counts all when the process has started anew', (t) => {
  const later = { bounds: [1, 2], counts: [1, 2] };
  t.strictSame(histogramSince({ bounds: [1, 2], counts: [5, 9] }, later).counts, [4, 7]);
  t.strictSame(histogramSince(later, { bounds: [1, 2], counts: [5, 9] }).counts, [1, 2]);
  const samples = parseMetrics(
    'x_bucket{le="1"} 2\nx_bucket{le="+Inf"} 3\nx_bucket{le="1"} 4',
    () => true,
  );
  t.strictSame(
    sumHistogram(samples, 'x', () => true),
    {
      bounds: [1, Number.POSITIVE_INFINITY],
      counts: [6, 3],
    },
  );
  t.end();
});

t.test('loadBetween tells reads from writes and bindings from both', (t) => {
  const reading = (reads: number, writes: number, bindings: number, atMs: number) =>
    readLoad(
      [
        ...['0.1', '+Inf'].map((le) => `${bucket}{verb="GET",resource="pods",le="${le}"} ${reads}`),
        ...['0.1', '+Inf'].map(
          (le) => `${bucket}{verb="PATCH",resource="pods",le="${le}"} ${writes}`,
        ),
        ...['0.1', '+Inf'].map(
          (le) =>
            `${bucket}{verb="CREATE",resource="pods",subresource="binding",le="${le}"} ${bindings}`,
        ),
        'apiserver_current_inflight_requests{request_kind="readOnly"} 2',
        'apiserver_current_inflight_requests{request_kind="mutating"} 1',
        'apiserver_longrunning_requests{verb="WATCH"} 7',
      ].join('\n'),
      atMs,
    );
  const later = reading(30, 14, 8, 2000);
  t.equal(later.inFlight, 3);
  t.equal(later.watches, 7);
  t.match(loadBetween(reading(10, 10, 4, 0), later), {
    readsPerSecond: 10,
    writesPerSecond: 4,
    bindingsPerSecond: 2,
    readMsP50: 50,
    bindingMsP99: 99,
  });
  t.match(loadBetween(later, { ...later, atMs: 3000 }), { readsPerSecond: 0, readMsP50: null });
  t.end();
});

t.test('PodMilestones measures pods that it saw come, each step once', (t) => {
  const milestones = new PodMilestones();
  const pod = (type: string, uid: string, fields: object, nowMs: number) =>
    milestones.take({ type, object: { metadata: { uid }, ...fields } }, nowMs);
  const placed = { spec: { nodeName: 'n' } };
  pod('MODIFIED', 'old', placed, 0);
  pod('ADDED', 'a', { status: { phase: 'Pending' } }, 100);
  pod('MODIFIED', 'a', placed, 130);
  pod('MODIFIED', 'a', placed, 140);
  pod('ADDED', 'gone', {}, 140);
  pod('DELETED', 'gone', {}, 150);
  pod('MODIFIED', 'gone', placed, 160);
  pod('MODIFIED', 'a', { ...placed, status: { phase: 'Running' } }, 200);
  pod('MODIFIED', 'a', { ...placed, status: { phase: 'Running' } }, 300);
  pod('ADDED', 'b', {}, 300);
  pod('MODIFIED', 'b', { ...placed, status: { phase: 'Failed' } }, 310);
  t.strictSame(milestones.drain(), { toNode: [30, 10], toRunning: [100] });
  t.strictSame(milestones.drain(), { toNode: [], toRunning: [] });
  t.end();
});

t.test('TimeSeries keeps the last points', (t) => {
  const series = new TimeSeries(['a', 'b'], 2);
  series.add(1000, [1, 2]);
  series.add(2000, [3, null]);
  series.add(3000, [5, 6]);
  t.strictSame(series.columns(), [
    [2, 3],
    [3, 5],
    [null, 6],
  ]);
  t.strictSame(series.latest(), [5, 6]);
  t.equal(series.length, 3);
  t.end();
});
