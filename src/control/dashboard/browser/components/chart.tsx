import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { TimeSeries } from '../../model/time-series.js';

const height = 200;
const strokes = ['--line-a', '--line-b', '--line-c', '--line-d'];

/** Values over time. `version` changes whenever the series has: a chart is drawn anew then, and not else. */
export function Chart(props: {
  readonly title: string;
  readonly series: TimeSeries;
  readonly version: number;
  readonly unit: string;
}) {
  const { title, series, version, unit } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const own = new uPlot(optionsOf(series, element, unit), series.columns(), element);
    plot.current = own;
    const observer = new ResizeObserver(() => own.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      own.destroy();
      plot.current = null;
    };
  }, [series, unit]);
  useEffect(() => {
    const own = plot.current;
    if (own === null) return;
    const columns = series.columns();
    own.setData(columns);
    // The legend tells the latest values, unless somebody points at others.
    if (own.cursor.idx == null && columns[0].length > 0)
      own.setLegend({ idx: columns[0].length - 1 });
  }, [series, version]);
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <div ref={place} role="img" aria-label={`${title}: ${latestText(series, unit)}`} />
    </figure>
  );
}

function latestText(series: TimeSeries, unit: string): string {
  const latest = series.latest();
  return series.names.map((name, at) => `${name} ${format(latest[at] ?? null, unit)}`).join(', ');
}

function format(value: number | null, unit: string): string {
  if (value === null) return 'unknown';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value.toFixed(digits)}${unit}`;
}

function optionsOf(series: TimeSeries, element: HTMLElement, unit: string): uPlot.Options {
  const color = (name: string) => colorOf(element, name);
  const axis = { stroke: color('--chart-text'), grid: { stroke: color('--chart-grid'), width: 1 } };
  return {
    ...{ width: Math.max(200, element.clientWidth), height },
    scales: { y: { range: (_, __, max) => [0, (max ?? 0) > 0 ? (max ?? 0) * 1.1 : 1] } },
    axes: [
      axis,
      { ...axis, size: 76, values: (_, ticks) => ticks.map((tick) => `${tick}${unit}`) },
    ],
    series: [
      {},
      ...series.names.map((label, at) => ({
        label,
        stroke: color(strokes[at % strokes.length] ?? ''),
        width: 1.5,
        spanGaps: true,
        value: (_: uPlot, value: number | null) => format(value, unit),
      })),
    ],
  };
}

/** A colour of the stylesheet, as a canvas understands it. */
function colorOf(element: HTMLElement, name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
