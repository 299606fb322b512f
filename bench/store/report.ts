import type { Measurement } from './measure.js';

/** The rounds of one load against one kind of cluster. */
export type Rounds = readonly Measurement[];

/** One load against both. */
export interface Comparison {
  readonly load: string;
  readonly ours: Rounds;
  readonly theirs: Rounds | null;
}

/** The middle value; of an even number the lower one. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

/** A table of medians over the rounds, with the ratio of ours to theirs. */
export function formatTable(comparisons: readonly Comparison[], against: string | null): string {
  const head = ['load', 'ours/s', 'p50 ms', 'p99 ms'];
  if (against !== null) head.push(`${against}/s`, 'p50 ms', 'p99 ms', 'ratio of rates');
  const rows = comparisons.map(({ load, ours, theirs }) => {
    const cells = [load, ...cellsOf(ours)];
    if (theirs !== null) cells.push(...cellsOf(theirs), `${ratioOf(ours, theirs).toFixed(2)} x`);
    return cells;
  });
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ');
  return [line(head), ...rows.map(line)].join('\n');
}

/** Ours over theirs, of the medians of the rates. */
export function ratioOf(ours: Rounds, theirs: Rounds): number {
  return medianRate(ours) / medianRate(theirs);
}

function medianRate(rounds: Rounds): number {
  return median(rounds.map(({ perSecond }) => perSecond));
}

function cellsOf(rounds: Rounds): string[] {
  const errors = rounds.reduce((sum, each) => sum + each.errors, 0);
  return [
    `${Math.round(medianRate(rounds))}${errors > 0 ? ` (${errors} errors)` : ''}`,
    median(rounds.map(({ p50Ms }) => p50Ms)).toFixed(2),
    median(rounds.map(({ p99Ms }) => p99Ms)).toFixed(2),
  ];
}
