/**
 * A table as etcdctl draws it: upper-case centred headings, cells aligned to the right, borders of `+`, `-` and `|`.
 * (cli-table3 pads and aligns headings otherwise, so the layout is made here.)
 */
export function layoutTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const rule = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+`;
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const lines = [
    rule,
    line(headings.map((text, i) => centre(text.toUpperCase(), widths[i] ?? 0))),
    rule,
  ];
  for (const row of rows) lines.push(line(row.map((text, i) => text.padStart(widths[i] ?? 0))));
  if (rows.length > 0) lines.push(rule);
  return `${lines.join('\n')}\n`;
}

function centre(text: string, width: number): string {
  const left = Math.floor((width - text.length) / 2);
  return text.padStart(text.length + left).padEnd(width);
}
