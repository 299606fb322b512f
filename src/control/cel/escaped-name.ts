/** Words of the language: no name of a field. */
const reserved: ReadonlySet<string> = new Set([
  'true',
  'false',
  'null',
  'in',
  'as',
  'break',
  'const',
  'continue',
  'else',
  'for',
  'function',
  'if',
  'import',
  'let',
  'loop',
  'package',
  'namespace',
  'return',
  'var',
  'void',
  'while',
]);

/** The name by which a field is selected; null when no name of the language can stand for it. */
export function escapedName(name: string): string | null {
  if (reserved.has(name)) return `__${name}__`;
  const escaped = name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__');
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(escaped) ? escaped : null;
}

/** The name of a field that is written as {@link escapedName} does; what stands for no other name is itself. */
export function unescapedName(name: string): string {
  const word = /^__(\w+)__$/.exec(name)?.[1];
  if (word !== undefined && reserved.has(word)) return word;
  return name.replace(/__(dot|dash|slash|underscores)__/g, (_, mark: string) => marks[mark] ?? '');
}

const marks: Readonly<Record<string, string>> = {
  dot: '.',
  dash: '-',
  slash: '/',
  underscores: '__',
};
