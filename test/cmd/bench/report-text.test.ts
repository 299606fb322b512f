import t from 'tap';
import { formatComparison, namesOf } from '../../../src/cmd/bench/compare.js';
import { Progress } from '../../../src/cmd/bench/progress.js';
import {
  formatInterval,
  formatMs,
  formatNumber,
  formatReport,
} from '../../../src/cmd/bench/report-text.js';
import { reportOf } from './reports.js';

t.test('formatNumber, formatMs: keep the digits that mean something', async (t) => {
  t.same([0, 1.234, 12.34, 999.9, 1000, 1234567].map(formatNumber), [
    ...['0', '1.23', '12.3', '999.9', '1,000', '1,234,567'],
  ]);
  t.same([0.1234, 1.234, 123.4, 1234.5].map(formatMs), ['0.123', '1.23', '123', '1,235']);
});

t.test('formatReport: rate, latency, errors, gap and the cost of the load', async (t) => {
  const text = formatReport(
    reportOf({ errors: { UNAVAILABLE: 3 }, backlog: 9, isInterrupted: true }),
  );
  t.match(text, /put: 50\/s \(100 in 2 s\)/);
  t.match(text, /p50 50.* p90 90.* p99 99.* p99\.9 100.* max 100/);
  t.match(text, /errors {3}UNAVAILABLE 3/);
  t.match(text, /behind {3}9 calls/);
  t.match(text, /gap {6}12\.5 ms/);
  t.match(text, /3\.2 us of CPU an operation/);
  t.match(text, /ended early by a signal/);
});

t.test(
  'Progress: a terminal has one line that changes, anything else a line each time',
  async (t) => {
    const [interval] = reportOf().intervals;
    const shown = (isTTY: boolean) => {
      let text = '';
      const progress = new Progress({ isTTY, write: (part) => (text += part) });
      progress.step('a rather long step');
      progress.interval(interval!);
      progress.end();
      return text;
    };
    const line = formatInterval(interval!);
    t.equal(line, '   1.0 s  put 50/s p50 50 ms p99 99 ms');
    t.equal(shown(false), `a rather long step\n${line}\n`);
    t.equal(shown(true), `\ra rather long step\u001b[K\r${line}\u001b[K\n`);
  },
);

t.test('formatComparison: each series, each report, with ratios to the first', async (t) => {
  const faster = reportOf({
    series: reportOf().series.map((series) => ({ ...series, perSecond: 75 })),
    errors: { UNAVAILABLE: 2 },
  });
  const other = reportOf({ series: [{ ...reportOf().series[0]!, name: 'range' }] });
  const text = formatComparison([
    { name: 'old', report: reportOf() },
    { name: 'newer', report: faster },
    { name: 'other', report: other },
  ]);
  t.match(text, /^newer {2}put, server 3\.5\.0; 800 clients .*; errors: UNAVAILABLE 2$/m);
  t.match(
    text,
    /^put\n +a second +p50 ms .*\n {2}old +50 .*\n {2}newer +75 \(1\.50 x\) .*\n {2}other +- /m,
  );
  t.match(text, /^range\n.*\n {2}old +- .*\n {2}newer +- .*\n {2}other +50 /m);
  t.same(namesOf(['a/x.json', 'b/x.json', 'y.json']), ['x (1)', 'x (2)', 'y']);
});

t.test('the JSON report: its form is stable', async (t) => {
  const shapeOf = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
    if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shapeOf(each)]));
  };
  const { load, ...rest } = shapeOf(JSON.parse(JSON.stringify(reportOf()))) as {
    load: Record<string, unknown>;
  };
  t.same(rest, {
    format: 'string',
    startedAt: 'string',
    client: { machine: 'string', node: 'string', flotilla: 'string' },
    server: { version: 'string', members: 'number' },
    elapsedSeconds: 'number',
    series: [
      {
        name: 'string',
        completed: 'number',
        perSecond: 'number',
        latencyMs: {
          ...{ count: 'number', mean: 'number', p50: 'number', p90: 'number' },
          ...{ p99: 'number', p999: 'number', max: 'number' },
        },
        histogramUs: [['number']],
      },
    ],
    intervals: [
      {
        atSeconds: 'number',
        series: [{ name: 'string', perSecond: 'number', p50Ms: 'number', p99Ms: 'number' }],
        errors: 'number',
      },
    ],
    errors: {},
    longestGap: { ms: 'number', atSeconds: 'number' },
    clientCpu: { usPerOperation: 'number', processors: 'number' },
    backlog: 'number',
    isInterrupted: 'boolean',
  });
  t.notOk('tls' in load, 'no keys are written into reports');
});
