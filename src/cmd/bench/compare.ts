import { basename } from 'node:path';
import type { BenchReport, SeriesReport } from './report.js';
import { describeLoad, formatErrors, formatMs, formatNumber } from './report-text.js';

/** A report with what it is called in a comparison. */
export interface NamedReport {
  readonly name: string;
  readonly report: BenchReport;
}

/** What is compared of a series. */
export interface ComparedMetric {
  readonly name: string;
  readonly of: (series: SeriesReport) => number | null;
  readonly format: (value: number) => string;
}

/** In the order in which they are shown. */
export const comparedMetrics: readonly ComparedMetric[] = [
  { name: 'a second', of: ({ perSecond }) => perSecond, format: formatNumber },
  { name: 'p50 ms', of: ({ latencyMs }) => latencyMs?.p50 ?? null, format: formatMs },
  { name: 'p99 ms', of: ({ latencyMs }) => latencyMs?.p99 ?? null, format: formatMs },
  { name: 'p99.9 ms', of: ({ latencyMs }) => latencyMs?.p999 ?? null, format: formatMs },
  { name: 'max ms', of: ({ latencyMs }) => latencyMs?.max ?? null, format: formatMs },
];

/** Names for reports, by their files: alike ones are numbered. */
export function namesOf(paths: readonly string[]): string[] {
  const names = paths.map((path) => basename(path, '.json'));
  return names.map((name, i) =>
    names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} (${i + 1})`,
  );
}

/** All series that any of the reports has. */
export function seriesNames(reports: readonly NamedReport[]): string[] {
  return [...new Set(reports.flatMap(({ report }) => report.series.map(({ name }) => name)))];
}

/** A value and how it relates to the first report's: `81,000 (1.35 x)`. */
export function comparedText(
  reports: readonly NamedReport[],
  index: number,
  { series, metric }: { readonly series: string; readonly metric: ComparedMetric },
): string {
  const valueAt = (at: number) => {
    const found = reports[at]?.report.series.find(({ name }) => name === series);
    return found === undefined ? null : metric.of(found);
  };
  const value = valueAt(index);
  if (value === null) return '-';
  const first = valueAt(0);
  const ratio = index === 0 || first === null || first === 0 ? null : value / first;
  return `${metric.format(value)}${ratio === null ? '' : ` (${ratio.toFixed(2)} x)`}`;
}

/** The comparison for people: a block for each series, a line for each report. */
export function formatComparison(reports: readonly NamedReport[]): string {
  const width = Math.max(...reports.map(({ name }) => name.length));
  const loads = reports.map(
    ({ name, report }) =>
      `${name.padEnd(width)}  ${report.load.kind}, server ${report.server.version}; ${describeLoad(report)}; errors: ${formatErrors(report.errors)}`,
  );
  const blocks = seriesNames(reports).map((series) => {
    const head = ['', ...comparedMetrics.map(({ name }) => name)];
    const lines = reports.map(({ name }, index) => [
      name,
      ...comparedMetrics.map((metric) => comparedText(reports, index, { series, metric })),
    ]);
    return `\n${series}\n${alignRight([head, ...lines])}`;
  });
  return `${[...loads, ...blocks].join('\n')}\n`;
}

function alignRight(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const cell = (text: string, i: number) =>
    i === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[i] ?? 0);
  return rows.map((row) => `  ${row.map(cell).join('  ')}`.trimEnd()).join('\n');
}
