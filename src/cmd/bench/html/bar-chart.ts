import { colorOf, legend } from './line-chart.js';
import { html, type Markup } from './markup.js';

/** Bars that are compared with each other: one for each name of the chart. */
export interface BarGroup {
  readonly label: string;
  /** In the order of the chart's names; null: there is none. */
  readonly values: readonly (number | null)[];
  /** What is written at the bars. */
  readonly texts: readonly string[];
}

const width = 760;
const labelWidth = 270;
const textWidth = 110;
const barHeight = 14;
const groupGap = 12;

/** Groups of horizontal bars; the longest bar of each group has the full length, for the groups have units of their own. */
export function barChart(chart: {
  readonly title: string;
  readonly names: readonly string[];
  readonly groups: readonly BarGroup[];
}): Markup {
  const groupHeight = chart.names.length * (barHeight + 2) + groupGap;
  const height = chart.groups.length * groupHeight + groupGap;
  return html`<figure><figcaption>${chart.title} ${legend(chart.names)}</figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${chart.title}">
${chart.groups.map((group, i) => groupBars(group, groupGap + i * groupHeight))}
</svg></figure>`;
}

function groupBars({ label, values, texts }: BarGroup, top: number): Markup {
  const max = Math.max(...values.map((value) => value ?? 0), Number.MIN_VALUE);
  const bars = values.map((value, i) => {
    const y = top + i * (barHeight + 2);
    const length = ((value ?? 0) / max) * (width - labelWidth - textWidth);
    return html`<rect x="${labelWidth}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" rx="2" style="fill: ${colorOf(i)}"/>
<text class="value" x="${(labelWidth + length + 6).toFixed(1)}" y="${y + barHeight - 3}">${texts[i] ?? ''}</text>`;
  });
  return html`<text class="value" x="${labelWidth - 10}" y="${top + barHeight}" text-anchor="end">${label}</text>${bars}`;
}
