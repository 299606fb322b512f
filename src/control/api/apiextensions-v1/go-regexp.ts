import { TimedExpression } from './timed-match.js';

const posixClasses: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7F',
  blank: '\\t ',
  cntrl: '\\x00-\\x1F\\x7F',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

/** One expression, for texts of all sorts. */
interface Forms {
  /** Knows characters beyond the first 65,536 as single ones. */
  readonly full: RegExp;
  /** For texts without such characters: matches the same, and the engine can bound its time (see `boundRegExpTime`). */
  readonly plain: RegExp;
  /** When there is no plain one. */
  readonly timed: TimedExpression | null;
}

const known = new Map<string, Forms | null>();
const knownMax = 4096;

/**
 * A regular expression in RE2's syntax, which the API speaks, as one of this language, to be used on `text`; null when it is none.
 * Lookaround and back-references, which RE2 does not have, are refused.
 */
export function goRegExp(pattern: string, text = ''): RegExp | null {
  const forms = formsOf(pattern);
  if (forms === null) return null;
  return /[\ud800-\udfff]/.test(text) ? forms.full : forms.plain;
}

/** Whether a text matches; no text matches what is no expression. */
export function goMatches(pattern: string, text: string): boolean {
  const forms = formsOf(pattern);
  if (forms === null) return false;
  if (forms.timed !== null) return forms.timed.test(text);
  // The expression names no such character: any one that is neither letter nor digit nor space stands for it.
  return forms.plain.test(text.replace(/[\ud800-\udbff][\udc00-\udfff]/g, '\ufffd'));
}

function formsOf(pattern: string): Forms | null {
  let forms = known.get(pattern);
  if (forms === undefined) {
    forms = compile(pattern);
    if (known.size >= knownMax) known.clear();
    known.set(pattern, forms);
  }
  return forms;
}

/** What means something else without `u`: classes and escapes of Unicode, and characters of several units. */
const needsUnicode = /\\[pPukx]|[^\0-\x7f]/;

function compile(pattern: string): Forms | null {
  if (/\(\?(?:=|!|<=|<!)/.test(pattern) || /(?:^|[^\\])(?:\\\\)*\\[1-9]/.test(pattern)) return null;
  const { source, flags } = translate(pattern);
  const isSpecial = needsUnicode.test(source) || flags.includes('i');
  for (const mode of ['u', ''])
    try {
      const full = new RegExp(source, flags + mode);
      return isSpecial
        ? { full, plain: full, timed: new TimedExpression(full) }
        : { full, plain: new RegExp(source, flags), timed: null };
    } catch {
      // Escapes that mean nothing are let through only without `u`.
    }
  return null;
}

function translate(pattern: string): { readonly source: string; readonly flags: string } {
  const leading = /^\(\?([ims]+)\)/.exec(pattern);
  const rest = leading === null ? pattern : pattern.slice(leading[0].length);
  const source = rest
    .replace(/\[:(\^?)([a-z]+):\]/g, (whole, negated: string, name: string) => {
      const members = posixClasses[name];
      return members === undefined || negated !== '' ? whole : members;
    })
    .replace(/\(\?P</g, '(?<')
    .replace(/\\A/g, '^(?<![\\s\\S])')
    .replace(/\\z/g, '$(?![\\s\\S])')
    .replace(/\\p([A-Z])(?![{a-z])/g, '\\p{$1}')
    .replace(/\\Q(.*?)(?:\\E|$)/gs, (_, text: string) =>
      text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'),
    );
  return { source, flags: leading?.[1] ?? '' };
}
