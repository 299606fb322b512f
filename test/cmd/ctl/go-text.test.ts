import t from 'tap';
import {
  leaseHex,
  parseCounter,
  parseInt64,
  parseLeaseId,
  parseMemberId,
} from '../../../src/cmd/ctl/go/integers.js';
import { stringifyGoJson } from '../../../src/cmd/ctl/go/json.js';
import { goQuote, goUnquote } from '../../../src/cmd/ctl/go/quote.js';
import { humanBytes } from '../../../src/cmd/ctl/print/human-bytes.js';
import { splitWords } from '../../../src/cmd/ctl/txn-grammar.js';

t.test('goQuote escapes as %q does', async (t) => {
  const table: [string | number[], string][] = [
    ['plain', '"plain"'],
    ['', '""'],
    ['a "b" \\ c', '"a \\"b\\" \\\\ c"'],
    ['\x07\b\f\n\r\t\v', '"\\a\\b\\f\\n\\r\\t\\v"'],
    ['\x00\x01\x7f', '"\\x00\\x01\\x7f"'],
    ['é 漢 😀', '"é 漢 😀"'],
    ['\u00a0\u200b\ue000', '"\\u00a0\\u200b\\ue000"'],
    ['\u{e0001}', '"\\U000e0001"'],
    [[0x61, 0xff, 0x62], '"a\\xffb"'],
    [[0xc3], '"\\xc3"'],
    [[0xe6, 0xbc], '"\\xe6\\xbc"'],
    [[0xed, 0xa0, 0x80], '"\\xed\\xa0\\x80"'],
  ];
  for (const [input, expected] of table) {
    const bytes = Uint8Array.from(typeof input === 'string' ? Buffer.from(input) : input);
    t.equal(goQuote(bytes), expected);
    t.same(goUnquote(expected), bytes, `${expected} reads back`);
  }
});

t.test('goUnquote refuses what is no literal', async (t) => {
  for (const text of ['', 'a', '"a', 'a"', '"a"b"', '"\\q"', '"\n"', '"\\x1"', '"\\U00110000"']) {
    t.equal(goUnquote(text), null, text);
  }
  t.same(goUnquote('"\\101\\u00e9"'), Uint8Array.from(Buffer.from('Aé')));
});

t.test('integers are read as strconv does', async (t) => {
  t.equal(parseInt64('-9223372036854775808'), -(2n ** 63n));
  t.throws(() => parseInt64('9223372036854775808'), /value out of range/);
  t.throws(() => parseInt64('1.5'), /invalid syntax/);
  t.throws(() => parseCounter('9007199254740993'), /value out of range/);
  t.equal(parseLeaseId('7fffffffffffffff'), 2n ** 63n - 1n);
  t.throws(() => parseLeaseId('8000000000000000'), /ParseInt.*out of range/);
  t.equal(parseMemberId('ffffffffffffffff'), 2n ** 64n - 1n);
  t.throws(() => parseMemberId('-1'), /ParseUint.*invalid syntax/);
  t.throws(() => parseMemberId('10000000000000000'), /out of range/);
  t.equal(leaseHex(0x99n), '0000000000000099');
});

t.test("sizes have etcdctl's units", async (t) => {
  const table: [number, string][] = [
    [0, '0 B'],
    [9, '9 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [20480, '20 kB'],
    [21500, '22 kB'],
    [24576, '25 kB'],
    [2_147_483_648, '2.1 GB'],
  ];
  for (const [bytes, text] of table) t.equal(humanBytes(bytes), text);
});

t.test("JSON has exact 64-bit numbers and Go's escapes", async (t) => {
  const value = { id: 2n ** 64n - 1n, text: '<a> & "b"\u2028', list: [true, null, 1] };
  t.equal(
    stringifyGoJson(value),
    '{"id":18446744073709551615,"text":"\\u003ca\\u003e \\u0026 \\"b\\"\\u2028","list":[true,null,1]}',
  );
});

t.test('words are split as in etcdctl', async (t) => {
  const table: [string, string[]][] = [
    ['put a b', ['put', 'a', 'b']],
    ['  get   key --prefix ', ['get', 'key', '--prefix']],
    ['put "a key" "x\\ny"', ['put', 'a key', 'x\ny']],
    ["put 'single quoted' v", ['put', 'single quoted', 'v']],
    ['put a ""', ['put', 'a', '']],
  ];
  for (const [line, words] of table) t.same(splitWords(line), words, line);
});
