import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import {
  DecodeError,
  ExactNumber,
  type ReadValue,
} from '../../../../src/control/api/codec/decode-error.js';
import { parseExactJson } from '../../../../src/control/api/codec/exact-json.js';
import { scanJson } from '../../../../src/control/api/codec/json-scan.js';
import type { JsonValue } from '../../../../src/control/machinery/json.js';
import { testSeed } from '../seed.js';

function problem(text: string | Uint8Array): string {
  try {
    parseExactJson(Buffer.from(text), 100);
  } catch (error) {
    if (error instanceof DecodeError) return error.message;
    throw error;
  }
  return 'accepted';
}

const refusals: readonly (readonly [text: string, problem: string])[] = [
  ['', 'unexpected end of JSON input'],
  ['{', 'unexpected end of JSON input'],
  ['{"a"', 'unexpected end of JSON input'],
  ['"abc', 'unexpected end of JSON input'],
  ['"\\', 'unexpected end of JSON input'],
  ['-', 'unexpected end of JSON input'],
  ['1.', 'unexpected end of JSON input'],
  ['nul', 'unexpected end of JSON input'],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b":2}', "invalid character '\"' after object key:value pair"],
  ['[1,]', "invalid character ']' looking for beginning of value"],
  ['[1 2]', "invalid character '2' after array element"],
  ["'a'", "invalid character '\\'' looking for beginning of value"],
  ['truth', "invalid character 't' in literal true (expecting 'e')"],
  ['fals\u0001', "invalid character '\\x01' in literal false (expecting 'e')"],
  ['"a\nb"', "invalid character '\\n' in string literal"],
  ['"\\x"', "invalid character 'x' in string escape code"],
  ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
  ['-a', "invalid character 'a' in numeric literal"],
  ['1.x', "invalid character 'x' after decimal point in numeric literal"],
  ['1ex', "invalid character 'x' in exponent of numeric literal"],
  ['01', "invalid character '1' after top-level value"],
  ['{} {}', "invalid character '{' after top-level value"],
  ['\ufeff{}', "invalid character 'ï' looking for beginning of value"],
  ['['.repeat(101), 'exceeded max depth'],
];

t.test('parseExactJson refuses in the words of Go', async (t) => {
  for (const [text, message] of refusals) t.equal(problem(text), message, text.slice(0, 30));
});

t.test('parseExactJson keeps the text of numbers that say more', async (t) => {
  const { value } = parseExactJson(Buffer.from('[1.0, 1e2, 12345678901234567890, -7, 0]'), 10);
  const exact = (text: string) => new ExactNumber(text);
  t.strictSame(value, [exact('1.0'), exact('1e2'), exact('12345678901234567890'), -7, 0]);
});

t.test('parseExactJson knows which members are repeated', async (t) => {
  const { value, repeated } = parseExactJson(
    Buffer.from('{"a":{"b":1,"b":2,"c":3},"d":[{"e":1,"e":1,"e":1}]}'),
    10,
  );
  t.strictSame(value, { a: { b: 2, c: 3 }, d: [{ e: 1 }] });
  t.strictSame([...repeated.values()], [new Set(['b']), new Set(['e'])]);
});

t.test('parseExactJson and JSON.parse agree on random texts, broken ones too', async (t) => {
  const seed = testSeed();
  const prng = new Prng(seed);
  for (let round = 0; round < 3000; round++) {
    const text = mutate(prng, JSON.stringify(randomJson(prng, 4), null, prng.int(0, 2)));
    const expected = outcome(() => JSON.parse(Buffer.from(text).toString()) as JsonValue);
    const actual = outcome(() => plain(parseExactJson(Buffer.from(text), 100).value));
    if (JSON.stringify(expected) !== JSON.stringify(actual)) {
      t.fail(`SEED=${seed}, round ${round}: ${text}`);
      return;
    }
  }
});

t.test('scanJson counts members and depth as a dumb walk does', async (t) => {
  const seed = testSeed();
  const prng = new Prng(seed);
  for (let round = 0; round < 1000; round++) {
    const value = randomJson(prng, 5);
    const scan = scanJson(Buffer.from(JSON.stringify(value, null, prng.int(0, 3))));
    const expected = { depth: depthOf(value), memberCount: membersOf(value) };
    t.match(scan, expected, `SEED=${seed}, round ${round}`, { diagnostic: false });
  }
});

const numbers: readonly (readonly [text: string, hasExactNumbers: boolean])[] = [
  ['{"a":1,"b":[23,true,false,null]}', false],
  ['["1.5","1e5","1234567890123456"]', false],
  ['[123456789012345]', false],
  ['[1234567890123456]', true],
  ['[1.5]', true],
  ['[1E5]', true],
];

t.test('scanJson finds numbers whose text says more', async (t) => {
  for (const [text, hasExactNumbers] of numbers)
    t.equal(scanJson(Buffer.from(text)).hasExactNumbers, hasExactNumbers, text);
});

function randomJson(prng: Prng, depth: number): JsonValue {
  const texts = ['', 'a', 'é', '"', '\\', '\n', '\u0000', '😀', '{"a":1}', ':'];
  switch (prng.int(0, depth > 0 ? 7 : 5)) {
    case 0:
      return null;
    case 1:
      return prng.int(0, 2) === 0;
    case 2:
      return prng.int(0, 1000) - 500;
    case 3:
      return (prng.int(0, 1000) - 500) / 16;
    case 4:
      return prng.pick(texts);
    case 5:
      return Array.from({ length: prng.int(0, 4) }, () => randomJson(prng, depth - 1));
    default:
      return Object.fromEntries(
        Array.from({ length: prng.int(0, 4) }, (_, at) => [
          `${prng.pick(texts)}${at}`,
          randomJson(prng, depth - 1),
        ]),
      );
  }
}

/** Half of the texts lose, gain or change a character. */
function mutate(prng: Prng, text: string): string {
  if (prng.int(0, 2) === 0 || text.length === 0) return text;
  const at = prng.int(0, text.length);
  const insert = prng.pick(['', '"', '}', '[', ',', '0', '-', '.', 'e', '\\', ' ', 'x']);
  return text.slice(0, at) + insert + text.slice(at + prng.int(0, 2));
}

function outcome(parse: () => JsonValue): JsonValue {
  try {
    return [parse()];
  } catch {
    return 'refused';
  }
}

function plain(value: ReadValue): JsonValue {
  if (value instanceof ExactNumber) return Number(value.text);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
}

function depthOf(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

function membersOf(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0;
  const members = Object.values(value);
  const own = Array.isArray(value) ? 0 : members.length;
  return members.reduce<number>((sum, member) => sum + membersOf(member), own);
}
