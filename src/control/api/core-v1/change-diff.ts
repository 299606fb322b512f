const context = 3;

interface Line {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/** What changed between two values, as a unified diff of them written as JSON, fields in order; '' when nothing did. */
export function changeDiff(before: unknown, after: unknown): string {
  const lines = diffLines(toLines(before), toLines(after));
  return hunksOf(lines)
    .map(({ from, to }) => hunkText(lines, from, to))
    .join('');
}

function toLines(value: unknown): string[] {
  return (JSON.stringify(ordered(value ?? null), null, 2) ?? 'null').split('\n');
}

/** The same value with the fields of its objects by name: clients may send them in any order. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([name, field]) => [name, ordered(field)]));
}

/** The lines of both texts in order; what both have is common to a longest common subsequence. */
function diffLines(a: readonly string[], b: readonly string[]): Line[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (
    end < a.length - start &&
    end < b.length - start &&
    a[a.length - 1 - end] === b[b.length - 1 - end]
  ) {
    end += 1;
  }
  const same = (text: string): Line => ({ mark: ' ', text });
  return [
    ...a.slice(0, start).map(same),
    ...diffMiddles(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...a.slice(a.length - end).map(same),
  ];
}

/** The parts that differ, where rows times columns is small enough to compare every line with every other. */
const cellMax = 4_000_000;

function diffMiddles(a: readonly string[], b: readonly string[]): Line[] {
  const removed = (text: string): Line => ({ mark: '-', text });
  const added = (text: string): Line => ({ mark: '+', text });
  if (a.length * b.length > cellMax) return [...a.map(removed), ...b.map(added)];
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  const at = (row: number, column: number): number => common[row * width + column] ?? 0;
  for (let row = a.length - 1; row >= 0; row--) {
    for (let column = b.length - 1; column >= 0; column--) {
      common[row * width + column] =
        a[row] === b[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const lines: Line[] = [];
  let row = 0;
  let column = 0;
  while (row < a.length || column < b.length) {
    const left = a[row];
    const right = b[column];
    if (left !== undefined && left === right) {
      lines.push({ mark: ' ', text: left });
      row += 1;
      column += 1;
    } else if (
      left !== undefined &&
      (right === undefined || at(row + 1, column) >= at(row, column + 1))
    ) {
      lines.push(removed(left));
      row += 1;
    } else if (right !== undefined) {
      lines.push(added(right));
      column += 1;
    }
  }
  return lines;
}

/** Changes with some lines around them; those that are close to each other are in one hunk. */
function hunksOf(lines: readonly Line[]): { from: number; to: number }[] {
  const hunks: { from: number; to: number }[] = [];
  for (const [at, { mark }] of lines.entries()) {
    if (mark === ' ') continue;
    const last = hunks[hunks.length - 1];
    const to = Math.min(at + context + 1, lines.length);
    if (last !== undefined && at - context <= last.to) last.to = to;
    else hunks.push({ from: Math.max(at - context, 0), to });
  }
  return hunks;
}

function hunkText(lines: readonly Line[], from: number, to: number): string {
  const part = lines.slice(from, to);
  const range = (other: '-' | '+'): string => {
    const isIn = ({ mark }: Line): boolean => mark !== other;
    const before = lines.slice(0, from).filter(isIn).length;
    const length = part.filter(isIn).length;
    if (length === 1) return String(before + 1);
    return `${length === 0 ? before : before + 1},${length}`;
  };
  const text = part.map((line) => `${line.mark}${line.text}\n`).join('');
  return `@@ -${range('+')} +${range('-')} @@\n${text}`;
}
