/** Bytes that `text` takes in UTF-8; the API's limits count these. */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    else if (isSurrogatePair(unit, text.charCodeAt(i + 1))) {
      bytes += 4;
      i++;
    } else bytes += 3;
  }
  return bytes;
}

function isSurrogatePair(high: number, low: number): boolean {
  return high >= 0xd800 && high < 0xdc00 && low >= 0xdc00 && low < 0xe000;
}

const plain = /^[ !#-[\]-~]*$/;
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;
const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

/** Whether a character (one code point) can be seen: a letter, mark, number, punctuation, symbol or the plain space. */
export function isPrintable(character: string): boolean {
  return printable.test(character);
}

/** `text` in double quotes as messages of the API show it: what cannot be seen is escaped, the rest stays readable. */
export function quote(text: string): string {
  if (plain.test(text)) return `"${text}"`;
  let quoted = '"';
  for (const character of text) quoted += shortEscapes[character] ?? escaped(character);
  return `${quoted}"`;
}

function escaped(character: string): string {
  if (isPrintable(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}

const markup = /[<>&\u2028\u2029]/g;

/** JSON as messages of the API show it: without spaces, `<`, `>` and `&` escaped. */
export function messageJson(value: unknown): string {
  return (JSON.stringify(value) ?? 'null').replace(
    markup,
    (character) => `\\u${hex(character.charCodeAt(0), 4)}`,
  );
}
