import type { LatencyCounts } from '../latency.js';
import type { BenchReport, SeriesReport } from '../report.js';
import { describeLoad, formatErrors, formatMs, formatNumber } from '../report-text.js';
import { type Curve, lineChart } from './line-chart.js';
import type { Markup } from './markup.js';
import { facts, page, table } from './page.js';
import { percentileScale } from './scale.js';

/** A report as a page that needs nothing besides itself. */
export function reportPage(report: BenchReport): string {
  return page(`flotilla bench: ${report.load.kind}`, [
    facts({
      load: describeLoad(report),
      server: `${report.server.version}, ${report.server.members} members; called: ${report.load.endpoints.join(', ')}`,
      client: `${report.client.machine}, Node ${report.client.node}, ${report.load.channel}`,
      started: `${report.startedAt}, measured ${formatNumber(report.elapsedSeconds)} s${report.isInterrupted ? ', ended early by a signal' : ''}`,
      errors: formatErrors(report.errors),
      'longest gap': `${formatMs(report.longestGap.ms)} ms without a success`,
      'client CPU': `${report.clientCpu.usPerOperation.toFixed(1)} us an operation`,
    }),
    seriesTable(report.series),
    ...charts(report),
  ]);
}

function seriesTable(series: readonly SeriesReport[]): Markup {
  const head = ['', 'a second', 'in all', 'p50 ms', 'p90', 'p99', 'p99.9', 'max', 'mean'];
  const rows = series.map(({ name, perSecond, completed, latencyMs }) => {
    const times =
      latencyMs === null
        ? []
        : [
            latencyMs.p50,
            latencyMs.p90,
            latencyMs.p99,
            latencyMs.p999,
            latencyMs.max,
            latencyMs.mean,
          ];
    return [
      name,
      formatNumber(perSecond),
      completed.toLocaleString('en-US'),
      ...times.map(formatMs),
    ];
  });
  return table(head, rows);
}

function charts({ series, intervals }: BenchReport): Markup[] {
  const overTime = (name: (series: string) => string, pick: Pick) =>
    series.map(
      (each, i): Curve => ({
        name: name(each.name),
        points: intervals.flatMap((interval) => {
          const value = pick(interval.series[i]);
          return value === null || value === undefined
            ? []
            : [[interval.atSeconds, value] as const];
        }),
      }),
    );
  return [
    lineChart({
      title: 'Throughput over time, a second',
      curves: overTime(
        (name) => name,
        (interval) => interval?.perSecond,
      ),
      ...{ yUnit: '', xUnit: ' s' },
    }),
    lineChart({
      title: 'Latency over time',
      curves: [
        ...overTime(
          (name) => `${name} p50`,
          (interval) => interval?.p50Ms,
        ),
        ...overTime(
          (name) => `${name} p99`,
          (interval) => interval?.p99Ms,
        ),
      ],
      ...{ yUnit: ' ms', xUnit: ' s' },
    }),
    lineChart({
      title: 'Latency by percentile',
      curves: series.map(({ name, histogramUs }) => ({
        name,
        points: percentileCurve(histogramUs),
      })),
      ...{ yUnit: ' ms', xUnit: '', xScale: percentileScale },
    }),
  ];
}

type Pick = (
  interval: BenchReport['intervals'][number]['series'][number] | undefined,
) => number | null | undefined;

/** More points than this cannot be told apart. */
const pointsMax = 400;

/** The share of calls, in percent, at or below each latency in milliseconds. */
export function percentileCurve(counts: LatencyCounts): (readonly [percent: number, ms: number])[] {
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  let below = 0;
  const points = counts.map(([us, count]) => {
    below += count;
    return [(below / total) * 100, us / 1000] as const;
  });
  const every = Math.ceil(points.length / pointsMax);
  // The tail is where it matters: there every point is kept.
  return points.filter(([percent], i) => percent >= 99 || i % every === 0);
}
