import { formatMs, formatNumber } from '../../src/cmd/bench/report-text.js';
import { type Comparison, complaintsOf, type MetricResult, resultsOf } from './comparison.js';
import type { Goal, Metric } from './measurement.js';

/** What a metric is called, with its unit. */
export const metricNames: Readonly<Record<Metric, string>> = {
  perSecond: 'per second',
  p50Ms: 'p50 ms',
  p99Ms: 'p99 ms',
  maxMs: 'max ms',
  serverCpuUs: 'server CPU us/op',
  durationMs: 'ms',
  memoryMiB: 'MiB',
};

/** A line for each metric of each row: ours, theirs, ratio, goal, met or not. */
export function formatTable(comparisons: readonly Comparison[], against: string | null): string {
  const head = ['load', 'by', 'metric', 'ours', '±', against ?? '-', '±', 'ratio', 'goal', ''];
  const lines = comparisons.flatMap((comparison) =>
    resultsOf(comparison).map((result, i) => [
      i === 0 ? comparison.name : '',
      i === 0 ? comparison.tool : '',
      metricNames[result.metric],
      ...cellsOf(result),
    ]),
  );
  const widths = head.map((title, i) =>
    Math.max(title.length, ...lines.map((line) => line[i]?.length ?? 0)),
  );
  const text = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i < 3 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return [head, ...lines].map(text).concat(comparisons.flatMap(complaintsOf)).join('\n');
}

function cellsOf(result: MetricResult): string[] {
  const { metric, ours, theirs, ratio, goal } = result;
  return [
    formatMetric(metric, ours),
    formatSpread(result.oursSpread),
    theirs === null ? '' : formatMetric(metric, theirs),
    theirs === null ? '' : formatSpread(result.theirsSpread),
    ratio === null ? '' : ratio.toFixed(2),
    goal === null ? '' : formatGoal(goal),
    result.isMet === null ? '' : result.isMet ? 'met' : 'NOT MET',
  ];
}

/** A value with the digits that mean something. */
export function formatMetric(metric: Metric, value: number): string {
  return metric === 'perSecond' || metric === 'memoryMiB' ? formatNumber(value) : formatMs(value);
}

/** `>= 4` or `<= 0.4`. */
export function formatGoal({ direction, bound }: Goal): string {
  return `${direction === 'at-least' ? '>=' : '<='} ${bound}`;
}

/** Half of the range, as a share of the median. */
export function formatSpread(share: number): string {
  return `${Math.round(share * 100)} %`;
}
