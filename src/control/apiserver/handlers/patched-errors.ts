/** The words of Go's JSON decoder for a value of the wrong type: what it found, and the type that it was for. */
const wrongType = /json: cannot unmarshal (\w+) into Go .* of type (\S+)$/;

/** What a JSON value is called once it has been parsed. */
const kindNames: Readonly<Record<string, string>> = {
  array: 'slice',
  bool: 'bool',
  number: 'int64',
  object: 'map',
  string: 'string',
};

/**
 * Why what a strategic merge patch made cannot be an object of its kind, in the words of the converter that Kubernetes uses there, which
 * are not those of its decoder. `message` is the decoder's; one that is not about a type stays as it is.
 */
export function conversionProblem(message: string): string {
  const found = wrongType.exec(message);
  if (found === null) return message;
  const kind = kindNames[found[1] ?? ''] ?? found[1];
  const type = found[2] ?? '';
  if (type.startsWith('map[')) return `cannot restore map from ${kind}`;
  if (type.startsWith('[]')) return `cannot restore slice from ${kind}`;
  // The names of plain types are lower-case and of one word, those of structures are not.
  if (/^[a-z]+\d*$/.test(type)) return `unrecognized type: ${type}`;
  return `cannot restore struct from: ${kind}`;
}

/** A JSON value as Go's `%+v` prints it: maps with their keys in order, no quotes. */
export function printedAsGo(value: unknown): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(printedAsGo).join(' ')}]`;
  if (typeof value !== 'object') return String(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${entries.map(([key, each]) => `${key}:${printedAsGo(each)}`).join(' ')}]`;
}
