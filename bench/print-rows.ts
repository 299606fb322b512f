import { formatMs, formatNumber } from '../src/cmd/bench/report-text.js';

/** What a benchmark of one layer found for one case; what it does not measure is left out. */
export interface ResultRow {
  readonly name: string;
  readonly perSecond?: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  readonly maxMs?: number;
  /** Processor time of one operation, all threads and processes together, microseconds. */
  readonly cpuUs?: number;
  /** Anything else: `3.2 appends a sync`. */
  readonly note?: string;
}

const columns: readonly (readonly [keyof ResultRow, string, (value: number) => string])[] = [
  ['perSecond', 'per second', formatNumber],
  ['p50Ms', 'p50 ms', formatMs],
  ['p99Ms', 'p99 ms', formatMs],
  ['maxMs', 'max ms', formatMs],
  ['cpuUs', 'CPU us/op', formatNumber],
];

/** The rows as a table, with the columns that any of them has. */
export function formatRows(rows: readonly ResultRow[]): string {
  const used = columns.filter(([key]) => rows.some((row) => row[key] !== undefined));
  const hasNotes = rows.some(({ note }) => note !== undefined);
  const head = ['', ...used.map(([, title]) => title), ...(hasNotes ? [''] : [])];
  const lines = rows.map((row) => [
    row.name,
    ...used.map(([key, , format]) => {
      const value = row[key];
      return typeof value === 'number' ? format(value) : '';
    }),
    ...(hasNotes ? [row.note ?? ''] : []),
  ]);
  const widths = head.map((title, i) =>
    Math.max(title.length, ...lines.map((line) => line[i]?.length ?? 0)),
  );
  const isText = (i: number) => i === 0 || i > used.length;
  const text = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (isText(i) ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return [head, ...lines].map(text).join('\n');
}

/** Prints the rows; with `--json` among the arguments, as JSON. */
export function printRows(rows: readonly ResultRow[]): void {
  const isJson = process.argv.includes('--json');
  process.stdout.write(`${isJson ? JSON.stringify(rows, null, 2) : formatRows(rows)}\n`);
}
