import { type BarGroup, barChart } from '../../src/cmd/bench/html/bar-chart.js';
import { html, type Markup } from '../../src/cmd/bench/html/markup.js';
import { facts, page, table } from '../../src/cmd/bench/html/page.js';
import { type Comparison, complaintsOf, type MetricResult, resultsOf } from './comparison.js';
import type { Metric } from './measurement.js';
import { formatGoal, formatMetric, formatSpread, metricNames } from './table.js';

/** The comparison as a page that needs nothing besides itself. */
export function comparisonPage(
  comparisons: readonly Comparison[],
  conditions: Readonly<Record<string, string>>,
): string {
  return page('Flotilla side by side', [
    facts(conditions),
    ...charts(comparisons),
    resultTable(comparisons),
    ...comparisons.flatMap(complaintsOf).map((text) => html`<p class="bad">${text}</p>`),
  ]);
}

const chartTitles: readonly (readonly [Metric, string])[] = [
  ['perSecond', 'Operations a second (more is better)'],
  ['p99Ms', 'p99 latency, ms (less is better)'],
  ['serverCpuUs', 'Processor time of all members for an operation, us (less is better)'],
  ['durationMs', 'Time, ms (less is better)'],
  ['memoryMiB', 'Resident memory of a member, MiB (less is better)'],
];

function charts(comparisons: readonly Comparison[]): Markup[] {
  const hasTheirs = comparisons.some(({ theirs }) => theirs !== null);
  const names = hasTheirs ? ['flotilla', 'etcd'] : ['flotilla'];
  return chartTitles.flatMap(([metric, title]) => {
    const groups = comparisons.flatMap((comparison) => groupOf(comparison, metric) ?? []);
    return groups.length === 0 ? [] : [barChart({ title, names, groups })];
  });
}

function groupOf(comparison: Comparison, metric: Metric): BarGroup | null {
  const result = resultsOf(comparison).find((each) => each.metric === metric);
  if (result === undefined) return null;
  const { ours, theirs, ratio } = result;
  return {
    label: comparison.name,
    values: theirs === null ? [ours] : [ours, theirs],
    texts: [
      `${formatMetric(metric, ours)}${ratio === null ? '' : ` (${ratio.toFixed(2)} x)`}`,
      theirs === null ? '' : formatMetric(metric, theirs),
    ],
  };
}

function resultTable(comparisons: readonly Comparison[]): Markup {
  const head = ['load', 'by', 'metric', 'flotilla', '±', 'etcd', '±', 'ratio', 'goal', ''];
  const rows = comparisons.flatMap((comparison) =>
    resultsOf(comparison).map((result, i) => [
      i === 0 ? comparison.name : '',
      i === 0 ? comparison.tool : '',
      metricNames[result.metric],
      ...cells(result),
    ]),
  );
  return table(head, rows);
}

function cells(result: MetricResult): (string | Markup)[] {
  const { metric, ours, oursSpread, theirs, theirsSpread, ratio, goal } = result;
  return [
    formatMetric(metric, ours),
    formatSpread(oursSpread),
    theirs === null ? '' : formatMetric(metric, theirs),
    theirs === null ? '' : formatSpread(theirsSpread),
    ratio === null ? '' : ratio.toFixed(2),
    goal === null ? '' : formatGoal(goal),
    mark(result.isMet),
  ];
}

function mark(isMet: boolean | null): string | Markup {
  if (isMet === null) return '';
  return isMet ? html`<span class="good">met</span>` : html`<span class="bad">not met</span>`;
}
