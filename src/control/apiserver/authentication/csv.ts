/** A text that is not CSV. */
export class CsvError extends Error {
  override readonly name = 'CsvError';
}

/**
 * The records of a CSV text (RFC 4180): fields in quotes may hold commas, line ends and doubled quotes. Blank lines are left out.
 * Throws {@link CsvError} with the line when a quote is out of place.
 */
export function parseCsv(text: string): readonly (readonly string[])[] {
  const records: string[][] = [];
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const record: string[] = [];
    for (;;) {
      const field = readField(text, at, line);
      record.push(field.value);
      at = field.end;
      line += field.lines;
      if (text[at] !== ',') break;
      at++;
    }
    if (text[at] === '\r') at++;
    if (text[at] === '\n') at++;
    line++;
    if (record.length > 1 || record[0] !== '') records.push(record);
  }
  return records;
}

function readField(
  text: string,
  start: number,
  line: number,
): { value: string; end: number; lines: number } {
  if (text[start] !== '"') {
    let end = start;
    while (end < text.length && text[end] !== ',' && text[end] !== '\n') end++;
    const value = text.slice(start, end).replace(/\r$/, '');
    if (value.includes('"')) throw new CsvError(`line ${line}: a quote inside an unquoted field`);
    return { value, end: start + value.length, lines: 0 };
  }
  let value = '';
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at];
    if (char !== '"') {
      value += char;
    } else if (text[at + 1] === '"') {
      value += '"';
      at++;
    } else {
      const after = text[at + 1];
      if (after !== undefined && after !== ',' && after !== '\n' && after !== '\r')
        throw new CsvError(`line ${line}: text after a quoted field`);
      return { value, end: at + 1, lines: value.split('\n').length - 1 };
    }
  }
  throw new CsvError(`line ${line}: a quoted field does not end`);
}
