import { formatNumber } from '../report-text.js';
import { html, type Markup } from './markup.js';
import { seriesColors } from './page.js';
import { linearScale, type Scale } from './scale.js';

/** A curve. */
export interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const width = 760;
const height = 240;
const box = { left: 56, right: width - 12, top: 12, bottom: height - 28 };

/** Curves over a common x axis, from y = 0 up. */
export function lineChart(chart: {
  readonly title: string;
  readonly curves: readonly Curve[];
  readonly yUnit: string;
  readonly xUnit: string;
  /** Default: from 0 to the last point. */
  readonly xScale?: (from: number, to: number) => Scale;
}): Markup {
  const points = chart.curves.flatMap((curve) => curve.points);
  const maxOf = (at: 0 | 1) => points.reduce((max, point) => Math.max(max, point[at]), 0);
  const x = chart.xScale?.(box.left, box.right) ?? linearScale(maxOf(0), box.left, box.right, 8);
  const y = linearScale(maxOf(1), box.bottom, box.top);
  return html`<figure><figcaption>${chart.title} ${legend(chart.curves.map(({ name }) => name))}</figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${chart.title}">
${y.ticks.map((tick) => horizontal(y.place(tick), `${formatNumber(tick)}${chart.yUnit}`))}
${x.ticks.map((tick) => label(x.place(tick), `${tick}${chart.xUnit}`))}
${chart.curves.map((curve, i) => path(curve, x, y, colorOf(i)))}
</svg></figure>`;
}

/** What colour stands for what. */
export function legend(names: readonly string[]): Markup {
  const keys = names.map(
    (name, i) => html`<span class="key"><i style="background: ${colorOf(i)}"></i>${name}</span>`,
  );
  return html`${keys}`;
}

/** The colour of curve or bar `index`. */
export function colorOf(index: number): string {
  return seriesColors[index % seriesColors.length] ?? 'currentColor';
}

function horizontal(at: number, text: string): Markup {
  const y = at.toFixed(1);
  return html`<line class="grid" x1="${box.left}" x2="${box.right}" y1="${y}" y2="${y}"/>
<text x="${box.left - 6}" y="${(at + 4).toFixed(1)}" text-anchor="end">${text}</text>`;
}

function label(at: number, text: string): Markup {
  return html`<text x="${at.toFixed(1)}" y="${height - 8}" text-anchor="middle">${text}</text>`;
}

function path({ points }: Curve, x: Scale, y: Scale, color: string): Markup {
  const places = points.map(([px, py]) => `${x.place(px).toFixed(1)} ${y.place(py).toFixed(1)}`);
  // A single point would not be seen: it becomes a level line.
  const [only] = points;
  if (only !== undefined && points.length === 1) {
    places.unshift(`${box.left} ${y.place(only[1]).toFixed(1)}`);
  }
  const steps = places.map((place, i) => `${i === 0 ? 'M' : 'L'}${place}`);
  return html`<path class="curve" style="stroke: ${color}" d="${steps.join('')}"/>`;
}
