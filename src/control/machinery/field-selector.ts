import { badRequest } from './status-errors.js';

/** What one field must or must not be. */
export interface FieldRequirement {
  /** As `metadata.name`; which fields a kind offers is for others to check. */
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** Requirements that fields must all meet. Immutable. */
export class FieldSelector {
  readonly requirements: readonly FieldRequirement[];

  constructor(requirements: readonly FieldRequirement[]) {
    this.requirements = requirements;
  }

  /** Matches every object. */
  get isEverything(): boolean {
    return this.requirements.length === 0;
  }

  /** Whether an object is selected; `fieldValue` gives its value of a field, '' when it is not set. */
  matches(fieldValue: (field: string) => string): boolean {
    return this.requirements.every(
      ({ field, operator, value }) => (fieldValue(field) === value) === (operator === '='),
    );
  }

  /** The only value that a field can have in what is selected, or undefined. */
  exactValue(field: string): string | undefined {
    return this.requirements.find((one) => one.operator === '=' && one.field === field)?.value;
  }

  /** As clients write selectors; parses to the same selector. */
  toString(): string {
    return this.requirements
      .map(({ field, operator, value }) => `${field}${operator}${escapeValue(value)}`)
      .join(',');
  }
}

/** Selects every object. */
export const everyField = new FieldSelector([]);

/**
 * The selector that a client wrote, as `metadata.name=a,status.phase!=Running`; `==` is `=`. In values, `\`, `,` and `=` are
 * escaped with `\`. The empty text selects everything. Throws badRequest.
 */
export function parseFieldSelector(text: string): FieldSelector {
  if (text === '') return everyField;
  const terms = termsOf(text)
    .sort()
    .filter((term) => term !== '');
  return new FieldSelector(terms.map((term) => parseTerm(term, text)));
}

/** What stands between the commas that are not escaped. */
function termsOf(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '\\') at++;
    else if (character === ',') {
      terms.push(text.slice(start, at));
      start = at + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

function parseTerm(term: string, whole: string): FieldRequirement {
  const found = /!=|==?/.exec(term);
  if (found === null) {
    throw badRequest(`invalid selector: '${whole}'; can't understand '${term}'`);
  }
  return {
    field: term.slice(0, found.index),
    operator: found[0] === '!=' ? '!=' : '=',
    value: unescapeValue(term.slice(found.index + found[0].length)),
  };
}

function escapeValue(value: string): string {
  return value.replace(/[\\,=]/g, '\\$&');
}

function unescapeValue(text: string): string {
  let value = '';
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '\\') {
      value += unescapedAt(text, ++at);
    } else if (character === '=') {
      // The API's text has the character's number.
      throw badRequest('invalid field selector: unescaped character in value: 61');
    } else {
      value += character;
    }
  }
  return value;
}

function unescapedAt(text: string, at: number): string {
  const character = text.slice(at, at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1));
  if (character === '\\' || character === ',' || character === '=') return character;
  throw badRequest(`invalid field selector: invalid escape sequence: \\${character}`);
}
