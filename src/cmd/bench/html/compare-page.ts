import { comparedMetrics, comparedText, type NamedReport, seriesNames } from '../compare.js';
import { describeLoad } from '../report-text.js';
import { barChart } from './bar-chart.js';
import { lineChart } from './line-chart.js';
import type { Markup } from './markup.js';
import { facts, page } from './page.js';
import { percentileCurve } from './report-page.js';
import { percentileScale } from './scale.js';

/** Several reports beside each other, as a page that needs nothing besides itself. Ratios are to the first. */
export function comparePage(reports: readonly NamedReport[]): string {
  const names = reports.map(({ name }) => name);
  return page('flotilla bench: comparison', [
    facts(
      Object.fromEntries(
        reports.map(({ name, report }) => [
          name,
          `${report.load.kind}, server ${report.server.version}; ${describeLoad(report)}`,
        ]),
      ),
    ),
    ...seriesNames(reports).flatMap((series) => [
      bars(reports, names, series),
      curves(reports, series),
    ]),
  ]);
}

function bars(reports: readonly NamedReport[], names: readonly string[], series: string): Markup {
  return barChart({
    title: series,
    names,
    groups: comparedMetrics.map((metric) => ({
      label: metric.name,
      values: reports.map(({ report }) => {
        const found = report.series.find(({ name }) => name === series);
        return found === undefined ? null : metric.of(found);
      }),
      texts: reports.map((_, index) => comparedText(reports, index, { series, metric })),
    })),
  });
}

function curves(reports: readonly NamedReport[], series: string): Markup {
  return lineChart({
    title: `${series}: latency by percentile`,
    curves: reports.flatMap(({ name, report }) => {
      const found = report.series.find((each) => each.name === series);
      return found === undefined ? [] : [{ name, points: percentileCurve(found.histogramUs) }];
    }),
    ...{ yUnit: ' ms', xUnit: '', xScale: percentileScale },
  });
}
