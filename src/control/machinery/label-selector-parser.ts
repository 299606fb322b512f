import { fieldPath, invalidValue, joinFieldErrors } from './field-path.js';
import {
  isRequirement,
  type LabelOperator,
  type LabelRequirement,
  labelRequirement,
} from './label-requirement.js';
import { qualifiedNameProblems } from './names.js';
import { badRequest } from './status-errors.js';

/**
 * The requirements of a selector in the API's grammar (apimachinery's labels.Parse); throws badRequest. Spaces, tabs and line
 * ends separate; `in` and `notin` are words of the grammar only where an operator stands; values may be empty.
 *
 *     selector    = [ requirement { "," requirement } ]
 *     requirement = [ "!" ] key | key operator value | key ( "in" | "notin" ) "(" [ value { "," value } ] ")"
 *     operator    = "=" | "==" | "!=" | ">" | "<"
 */
export function parseLabelRequirements(text: string): LabelRequirement[] {
  const tokens = new TokenReader(tokensOf(text));
  const requirements: LabelRequirement[] = [];
  if (tokens.peek().type === 'end') return requirements;
  if (!startsRequirement(tokens.peek())) {
    throw unexpected(tokens.peek(), "!, identifier, or 'end of string'");
  }
  for (;;) {
    requirements.push(readRequirement(tokens));
    const separator = tokens.next();
    if (separator.type === 'end') return requirements;
    if (!isSymbol(separator, ',')) throw unexpected(separator, "',' or 'end of string'");
    if (!startsRequirement(tokens.peek())) throw unexpected(tokens.peek(), "identifier after ','");
  }
}

interface Token {
  readonly type: 'word' | 'symbol' | 'end' | 'bad';
  readonly text: string;
}

const endToken: Token = { type: 'end', text: '' };

class TokenReader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  peek(): Token {
    return this.#tokens[this.#at] ?? endToken;
  }

  next(): Token {
    return this.#tokens[this.#at++] ?? endToken;
  }
}

function isSymbol(token: Token, text: string): boolean {
  return token.type === 'symbol' && token.text === text;
}

function startsRequirement(token: Token): boolean {
  return token.type === 'word' || isSymbol(token, '!');
}

const twoCharacterSymbols = new Set(['==', '!=']);
const separators = ' \t\r\n';
const symbols = '=!(),<>';

/** The tokens before the end. A zero byte ends the text. */
function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const zero = text.indexOf('\0');
  const end = zero === -1 ? text.length : zero;
  let at = 0;
  while (at < end) {
    const character = text.charAt(at);
    if (separators.includes(character)) {
      at++;
    } else if (symbols.includes(character)) {
      const two = text.slice(at, at + 2);
      const symbol = twoCharacterSymbols.has(two) ? two : character;
      tokens.push({ type: 'symbol', text: symbol });
      at += symbol.length;
    } else {
      const from = at;
      while (
        at < end &&
        !separators.includes(text.charAt(at)) &&
        !symbols.includes(text.charAt(at))
      ) {
        at++;
      }
      tokens.push({ type: 'word', text: text.slice(from, at) });
    }
  }
  return tokens;
}

function readRequirement(tokens: TokenReader): LabelRequirement {
  const isNegated = isSymbol(tokens.peek(), '!');
  if (isNegated) tokens.next();
  const word = tokens.next();
  if (word.type !== 'word') throw badRequirement(expected(word, 'identifier'));
  const key = word.text;
  const problems = qualifiedNameProblems(key);
  if (problems.length > 0) {
    throw badRequirement(joinFieldErrors([invalidValue(fieldPath(), key, problems.join('; '))]));
  }
  const follows = tokens.peek();
  if (follows.type === 'end' || isSymbol(follows, ',')) {
    return checked(key, isNegated ? '!' : 'exists', []);
  }
  if (isNegated) return checked(key, '!', []);
  const operator = readOperator(tokens);
  const isSet = operator === 'in' || operator === 'notin';
  return checked(key, operator, isSet ? readValues(tokens) : [readValue(tokens)]);
}

function checked(
  key: string,
  operator: LabelOperator,
  values: readonly string[],
): LabelRequirement {
  const requirement = labelRequirement(key, operator, values);
  if (isRequirement(requirement)) return requirement;
  throw badRequirement(joinFieldErrors(requirement));
}

const operators: ReadonlyMap<string, LabelOperator> = new Map([
  ['in', 'in'],
  ['notin', 'notin'],
  ['=', '='],
  ['==', '=='],
  ['!=', '!='],
  ['>', 'gt'],
  ['<', 'lt'],
]);

function readOperator(tokens: TokenReader): LabelOperator {
  const token = tokens.next();
  const operator = operators.get(token.text);
  if (operator !== undefined) return operator;
  throw badRequirement(expected(token, 'in, notin, =, ==, !=, gt, lt'));
}

function readValue(tokens: TokenReader): string {
  const follows = tokens.peek();
  if (follows.type === 'end' || isSymbol(follows, ',')) return '';
  tokens.next();
  if (follows.type !== 'word') throw badRequirement(expected(follows, 'identifier'));
  return follows.text;
}

function readValues(tokens: TokenReader): string[] {
  const open = tokens.next();
  if (!isSymbol(open, '(')) throw badRequirement(`found '${open.text}' expected: '('`);
  const first = tokens.peek();
  if (first.type !== 'word' && !isSymbol(first, ',') && !isSymbol(first, ')')) {
    throw badRequirement(expected(first, "',', ')' or identifier"));
  }
  const values = new Set<string>();
  for (;;) {
    const token = tokens.next();
    if (token.type === 'word') {
      values.add(token.text);
      const after = tokens.next();
      if (isSymbol(after, ')')) break;
      if (!isSymbol(after, ',')) throw badRequirement(expected(after, "',' or ')'"));
      // A comma before the closing parenthesis announces one more value, the empty one.
      if (!isSymbol(tokens.peek(), ')')) continue;
      values.add('');
      tokens.next();
      break;
    }
    if (isSymbol(token, ')')) {
      values.add('');
      break;
    }
    if (!isSymbol(token, ',')) throw badRequirement(expected(token, "',', or identifier"));
    values.add('');
  }
  return [...values].sort();
}

function expected(token: Token, what: string): string {
  return `found '${token.text}', expected: ${what}`;
}

function unexpected(token: Token, what: string): Error {
  return badRequest(expected(token, what));
}

function badRequirement(text: string): Error {
  return badRequest(`unable to parse requirement: ${text}`);
}
