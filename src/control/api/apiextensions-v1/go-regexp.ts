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

const known = new Map<string, RegExp | null>();
const knownMax = 4096;

/**
 * A regular expression in RE2's syntax, which the API speaks, as one of this language; null when it is none. Lookaround and
 * back-references, which RE2 does not have, are refused.
 */
export function goRegExp(pattern: string): RegExp | null {
  const cached = known.get(pattern);
  if (cached !== undefined) return cached;
  const made = compile(pattern);
  if (known.size >= knownMax) known.clear();
  known.set(pattern, made);
  return made;
}

function compile(pattern: string): RegExp | null {
  if (/\(\?(?:=|!|<=|<!)/.test(pattern) || /(?:^|[^\\])(?:\\\\)*\\[1-9]/.test(pattern)) return null;
  const { source, flags } = translate(pattern);
  for (const mode of ['u', ''])
    try {
      return new RegExp(source, flags + mode);
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
