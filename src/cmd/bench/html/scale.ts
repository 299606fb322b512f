/** Maps values to places on a chart. */
export interface Scale {
  /** Where a value lies. */
  place(value: number): number;
  /** Round values for the grid, ascending. */
  readonly ticks: readonly number[];
}

/** Even steps from 0 to at least `max`; the ticks are 1, 2 or 5 times a power of ten apart, about `count` of them. */
export function linearScale(max: number, from: number, to: number, count = 5): Scale {
  const step = roundStep(Math.max(max, Number.MIN_VALUE) / count);
  const end = Math.max(step, Math.ceil(max / step - 1e-9) * step);
  const ticks = Array.from({ length: Math.round(end / step) + 1 }, (_, i) => i * step);
  return { place: (value) => from + (value / end) * (to - from), ticks };
}

/**
 * Percentiles, stretched towards 100: every further nine takes the same room. What is above 99.999 lies at the end.
 */
export function percentileScale(from: number, to: number): Scale {
  const nines = 5;
  const place = (percentile: number) => {
    const share = Math.min(nines, -Math.log10(Math.max(1e-9, 1 - percentile / 100))) / nines;
    return from + share * (to - from);
  };
  return { place, ticks: [0, 50, 90, 99, 99.9, 99.99, 99.999] };
}

/** The smallest of 1, 2, 5, 10 times a power of ten that is not below. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const factor = [1, 2, 5, 10].find((each) => each * power >= step * (1 - 1e-9)) ?? 10;
  return factor * power;
}
