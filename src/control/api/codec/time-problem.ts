import { quote } from '../../machinery/quote.js';

/** A part of a layout of Go's: what it looks like there, and its largest value. */
interface LayoutPart {
  readonly layout: string;
  readonly pattern: RegExp;
  /** What is said of a number that is too large; undefined for what is no number. */
  readonly name?: string;
  readonly min?: number;
  readonly max?: number;
}

const twoDigits = /^\d\d/;

function separator(layout: string): LayoutPart {
  return { layout, pattern: new RegExp(`^${layout}`) };
}

const date: readonly LayoutPart[] = [
  { layout: '2006', pattern: /^\d{4}/ },
  separator('-'),
  { layout: '01', pattern: twoDigits, name: 'month', min: 1, max: 12 },
  separator('-'),
  { layout: '02', pattern: twoDigits },
  separator('T'),
  { layout: '15', pattern: twoDigits, name: 'hour', max: 23 },
  separator(':'),
  { layout: '04', pattern: twoDigits, name: 'minute', max: 59 },
  separator(':'),
];
const zone: LayoutPart = { layout: 'Z07:00', pattern: /^(?:Z|[+-]\d\d:\d\d)/ };

const layouts: Readonly<Record<'date-time' | 'micro-time', readonly LayoutPart[]>> = {
  'date-time': [
    ...date,
    { layout: '05', pattern: /^\d\d(?:[.,]\d+)?/, name: 'second', max: 59 },
    zone,
  ],
  'micro-time': [
    ...date,
    { layout: '05', pattern: twoDigits, name: 'second', max: 59 },
    { layout: '.000000', pattern: /^[.,]\d{6}/ },
    zone,
  ],
};

/** What nearly every time is like. */
const wellFormed = {
  'date-time': /^\d{4}-(?:0[1-9]|1[0-2])-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/,
  'micro-time': /^\d{4}-(?:0[1-9]|1[0-2])-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z$/,
} as const;

/**
 * Why a text is no time, in the words of Go's time package: RFC 3339 with seconds, or with exactly six digits after them. Undefined when it
 * has the form of one; its day may still be one that the month does not have.
 */
export function timeProblem(text: string, format: 'date-time' | 'micro-time'): string | undefined {
  if (wellFormed[format].test(text)) return undefined;
  const parts = layouts[format];
  let rest = text;
  for (const { layout, pattern, name = '', min = 0, max = Number.POSITIVE_INFINITY } of parts) {
    const match = pattern.exec(rest)?.[0];
    if (match === undefined) {
      const whole = parts.map((part) => part.layout).join('');
      return `parsing time ${quote(text)} as ${quote(whole)}: cannot parse ${quote(rest)} as ${quote(layout)}`;
    }
    const value = Number.parseInt(match, 10);
    if (name !== '' && (value < min || value > max)) return outOfRange(text, name);
    rest = rest.slice(match.length);
  }
  return rest === '' ? undefined : `parsing time ${quote(text)}: extra text: ${quote(rest)}`;
}

/** What Go says when a part of a time is too large. */
export function outOfRange(text: string, name: string): string {
  return `parsing time ${quote(text)}: ${name} out of range`;
}
