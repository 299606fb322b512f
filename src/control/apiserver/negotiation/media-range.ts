/** One clause of an Accept header, or a Content-Type. */
export interface MediaRange {
  readonly type: string;
  readonly subtype: string;
  /** By lower-case name; without `q`. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

/** Clauses beyond this many are not looked at. */
const clausesMax = 64;

/** Reads an Accept header (RFC 9110 section 12.5.1), best first; clauses that are none are skipped. */
export function parseAccept(header: string): readonly MediaRange[] {
  const ranges: MediaRange[] = [];
  for (const clause of header.split(',').slice(0, clausesMax)) {
    const range = parseMediaRange(clause);
    if (range !== null && range.quality > 0) ranges.push(range);
  }
  return ranges.sort((a, b) => b.quality - a.quality || specificity(b) - specificity(a));
}

/** Reads one media type with its parameters; null when it is none. */
export function parseMediaRange(text: string): MediaRange | null {
  const [essence = '', ...rest] = text.split(';');
  const slash = essence.indexOf('/');
  const type = (slash < 0 ? essence : essence.slice(0, slash)).trim().toLowerCase();
  const subtype =
    slash < 0
      ? type === '*'
        ? '*'
        : ''
      : essence
          .slice(slash + 1)
          .trim()
          .toLowerCase();
  if (type === '' || subtype === '') return null;
  const parameters = new Map<string, string>();
  let quality = 1;
  for (const parameter of rest) {
    const equals = parameter.indexOf('=');
    if (equals < 0) continue;
    const name = parameter.slice(0, equals).trim().toLowerCase();
    const value = parameter
      .slice(equals + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1');
    if (name === 'q') quality = Number.isFinite(Number(value)) ? Number(value) : 1;
    else parameters.set(name, value);
  }
  return { type, subtype, parameters, quality };
}

function specificity({ type, subtype }: MediaRange): number {
  if (type === '*') return 0;
  return subtype === '*' ? 1 : 2;
}
