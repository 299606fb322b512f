const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  // The micro sign and the Greek letter: both are read, the sign is written.
  '\u00b5s': 1e-3,
  '\u03bcs': 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

// No digit can be taken in two ways: a text of digits alone, however long, is refused in one pass.
const whole = /^([+-]?)(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+)$/;
const parts = /(\d+(?:\.\d*)?|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/g;

/** Milliseconds of a duration as Go's `time.ParseDuration` reads it (`1h30m`, `32s`, `-1.5ms`, `0`); null when it is none. */
export function parseGoDuration(text: string): number | null {
  const match = whole.exec(text);
  if (match === null) return null;
  let totalMs = 0;
  for (const [, amount, unit = ''] of text.matchAll(parts)) {
    totalMs += Number(amount) * (unitMs[unit] ?? 0);
  }
  return match[1] === '-' ? -totalMs : totalMs;
}

/** A duration of zero or more as Go prints it: `1.5ms`, `2.000123s`, `1m30s`. */
export function formatGoDuration(ms: number): string {
  const ns = Math.round(ms * 1e6);
  if (ns === 0) return '0s';
  if (ns < 1000) return `${ns}ns`;
  if (ns < 1e6) return `${trimmed(ns / 1e3, 3)}\u00b5s`;
  if (ns < 1e9) return `${trimmed(ns / 1e6, 6)}ms`;
  const seconds = `${trimmed((ns / 1e9) % 60, 9)}s`;
  const minutes = Math.floor(ns / 60e9);
  if (minutes === 0) return seconds;
  if (minutes < 60) return `${minutes}m${seconds}`;
  return `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`;
}

function trimmed(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}
