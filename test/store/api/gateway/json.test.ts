import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import { RpcError } from '../../../../src/rpc/service.js';
import {
  JsonNumber,
  JsonObject,
  type JsonValue,
  parseJson,
} from '../../../../src/store/api/gateway/json-text.js';
import { JsonValues } from '../../../../src/store/api/gateway/json-values.js';
import { messageFromJson } from '../../../../src/store/api/gateway/read-message.js';
import { messageToJson } from '../../../../src/store/api/gateway/write-message.js';
import {
  Compare,
  LeaseGrantRequest,
  PutRequest,
  RangeRequest,
  type RangeRequestInit,
  RangeResponse,
  TxnRequest,
  WatchRequest,
} from '../../../../src/wire/index.js';

const b = (text: string) => new Uint8Array(Buffer.from(text));

function read<T, Init>(
  codec: Parameters<typeof messageFromJson<T, Init>>[0],
  text: string,
): T | string {
  try {
    const value = parseJson(text);
    return value === undefined ? codec.create() : messageFromJson(codec, value);
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

t.test('messageFromJson takes what protobuf allows', async (t) => {
  const key = b('foo');
  const rows: readonly (readonly [string, RangeRequestInit])[] = [
    ['', {}],
    ['{}', {}],
    [' {"key" : "Zm9v"} trailing is not looked at', { key }],
    ['{"key":"Zm9v","rangeEnd":"Zm9w"}', { key, rangeEnd: b('fop') }],
    ['{"key":"Zm9v","range_end":"Zm9w"}', { key, rangeEnd: b('fop') }],
    ['{"key":"Zg"}', { key: b('f') }],
    ['{"key":"_-8="}', { key: Uint8Array.of(0xff, 0xef) }],
    ['{"key":"/+8="}', { key: Uint8Array.of(0xff, 0xef) }],
    ['{"key":"\\u005am9v"}', { key }],
    ['{"key":null,"limit":7}', { limit: 7 }],
    ['{"limit":"7"}', { limit: 7 }],
    ['{"limit":7.0}', { limit: 7 }],
    ['{"limit":0.7e1}', { limit: 7 }],
    ['{"limit":-7}', { limit: -7 }],
    ['{"revision":"9223372036854775807"}', { revision: Number.MAX_SAFE_INTEGER }],
    ['{"sort_order":"DESCEND"}', { sortOrder: 2 }],
    ['{"sort_order":2}', { sortOrder: 2 }],
    ['{"sort_order":"UP"}', {}],
    ['{"keys_only":true,"count_only":false}', { keysOnly: true }],
    ['{"unknown":{"deep":[1,{"a":null}]}}', {}],
  ];
  for (const [text, fields] of rows) {
    t.same(read(RangeRequest, text), RangeRequest.decode(RangeRequest.encode(fields)), text);
  }
  t.same(
    read(LeaseGrantRequest, '{"ID":"9007199254740993","TTL":100}'),
    LeaseGrantRequest.create({ ID: 9007199254740993n, TTL: 100 }),
    'ids are exact',
  );
  const txn = '{"success":[{"request_put":{"key":"Zm9v"}},{"requestTxn":{}}]}';
  t.same(
    read(TxnRequest, txn),
    TxnRequest.decode(
      TxnRequest.encode({ success: [{ requestPut: { key } }, { requestTxn: {} }] }),
    ),
  );
});

t.test('messageFromJson refuses the rest, saying why', async (t) => {
  const rows: readonly (readonly [string, RegExp])[] = [
    ['{', /end of JSON/],
    ['{"key"', /end of JSON/],
    ['{"key":}', /invalid character/],
    ['{"key":"Zm9v",}', /invalid character/],
    ['{"key":"Zm9v" "limit":1}', /invalid character/],
    ['{key:1}', /invalid character/],
    ['{"key":"a', /end of JSON/],
    ['{"key":"\u0001"}', /string literal/],
    ['{"key":"\\x"}', /escape code/],
    ['{"key":"\\ud800"}', /escape code/],
    ['{"key":"Zm9v","key":"Zm9v"}', /duplicate field/],
    ['{"range_end":"","rangeEnd":""}', /duplicate field/],
    ['[]', /must be a JSON object/],
    ['null', /must be a JSON object/],
    ['"text"', /must be a JSON object/],
    ['{"key":1}', /bytes field key/],
    ['{"key":"Z"}', /bytes field key/],
    ['{"key":"Zm9v="}', /bytes field key/],
    ['{"key":"Zm+-"}', /bytes field key/],
    ['{"key":"Z m9"}', /bytes field key/],
    ['{"limit":1.5}', /int64 field limit/],
    ['{"limit":01}', /invalid character/],
    ['{"limit":"01"}', /int64 field limit/],
    ['{"limit":" 1"}', /int64 field limit/],
    ['{"limit":""}', /int64 field limit/],
    ['{"limit":true}', /int64 field limit/],
    ['{"limit":9223372036854775808}', /int64 field limit/],
    ['{"limit":1e400}', /int64 field limit/],
    [`{"limit":1${'0'.repeat(100_000)}}`, /int64 field limit/],
    ['{"keys_only":"true"}', /bool field keys_only/],
    ['{"sort_order":4294967296}', /enum field sort_order/],
    ['{"sort_order":true}', /enum field sort_order/],
    [`{"a":${'['.repeat(100_000)}`, /recursion depth/],
  ];
  for (const [text, why] of rows) {
    const answer = read(RangeRequest, text);
    t.match(answer, /^3: /, text.slice(0, 60));
    t.match(answer, why, text.slice(0, 60));
  }
  const two = '{"success":[{"request_put":{},"request_range":{}}]}';
  t.match(read(TxnRequest, two), /oneof request is already set/);
  t.match(read(TxnRequest, '{"success":[null]}'), /must be a JSON object/);
  t.match(read(TxnRequest, '{"success":{}}'), /repeated message field success/);
});

t.test('messageToJson writes what etcd does', async (t) => {
  const header = { clusterId: 2n ** 64n - 1n, revision: 2 };
  const kv = { key: b('foo'), lease: -1n, version: 1, modRevision: 2 };
  t.equal(
    messageToJson(RangeResponse, RangeResponse.decode(RangeResponse.encode({ header, kvs: [kv] }))),
    '{"header":{"cluster_id":"18446744073709551615","revision":"2"},"kvs":[{"key":"Zm9v","mod_revision":"2","version":"1","lease":"-1"}]}',
  );
  const compare = Compare.create({ createRevision: 0, target: 1, result: 9, key: b('"') });
  t.equal(
    messageToJson(Compare, compare),
    '{"result":9,"target":"CREATE","key":"Ig==","create_revision":"0"}',
    'a member of a oneof is told even when it is 0, an enum without a name by its number',
  );
});

t.test('messages survive being JSON', async (t) => {
  const seed = Number(process.env.SEED ?? 11);
  const prng = new Prng(seed);
  const bytes = () => Uint8Array.from({ length: prng.int(0, 20) }, () => prng.int(0, 256));
  const put = () =>
    PutRequest.create({ key: bytes(), value: bytes(), lease: BigInt.asIntN(64, prng.uint64()) });
  for (let round = 0; round < 200; round++) {
    const txn = TxnRequest.create({
      compare: [Compare.create({ key: bytes(), value: bytes(), result: prng.int(0, 4) })],
      success: Array.from({ length: prng.int(0, 4) }, () => ({ requestPut: put() })) as never,
    });
    const message = TxnRequest.decode(TxnRequest.encode(txn));
    const again = read(TxnRequest, messageToJson(TxnRequest, message));
    t.same(again, message, `seed ${seed}, round ${round}`);
  }
});

t.test('parseJson agrees with JSON.parse', async (t) => {
  const seed = Number(process.env.SEED ?? 12);
  const prng = new Prng(seed);
  for (let round = 0; round < 500; round++) {
    const text = mutated(prng, JSON.stringify([randomValue(prng, 0)], null, prng.pick([0, 1])));
    t.same(
      outcome(() => plain(parseJson(text) ?? null)),
      reference(text),
      `seed ${seed}: ${text}`,
    );
  }
});

/** What JSON.parse makes of it; numbers that it rounds, and names that it takes once, do not occur. */
function reference(text: string): unknown {
  return outcome(() => (text.trim() === '' ? null : JSON.parse(text)));
}

function outcome(body: () => unknown): unknown {
  try {
    return { value: body() };
  } catch {
    return 'refused';
  }
}

function plain(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return Number(value.text);
  if (value instanceof JsonObject) {
    return Object.fromEntries(value.members.map(([name, member]) => [name, plain(member)]));
  }
  return Array.isArray(value) ? value.map(plain) : value;
}

function randomValue(prng: Prng, depth: number): unknown {
  const kind = prng.int(0, depth > 4 ? 4 : 6);
  if (kind === 0) return prng.pick([0, -1, 1.5, 1e21, 123456]);
  if (kind === 1) return prng.pick(['', 'a"b\\c', '\n\u0000', 'ü€😀', '/']);
  if (kind === 2) return prng.pick([true, false]);
  if (kind === 3) return null;
  const values = Array.from({ length: prng.int(0, 4) }, () => randomValue(prng, depth + 1));
  return kind === 4 ? values : Object.fromEntries(values.map((value, i) => [`n${i}`, value]));
}

/** The same, or without its end, or with a character changed that is neither its first nor its last. */
function mutated(prng: Prng, text: string): string {
  const at = prng.int(1, text.length - 1);
  const dice = prng.int(0, 4);
  if (dice === 0) return text.slice(0, at);
  if (dice > 1) return text;
  return `${text.slice(0, at)}${prng.pick(['x', ',', ':', '"', '\\'])}${text.slice(at + 1)}`;
}

t.test('JsonValues cuts a stream into objects, however it comes', async (t) => {
  const texts = ['{"a":"}{\\"\\\\"}', '{}', '{"b":[{"c":1},{}]}'];
  const stream = Buffer.from(` \n${texts.join('\n ')} `);
  for (let size = 1; size <= stream.length; size++) {
    const values = new JsonValues(100);
    const found: string[] = [];
    for (let at = 0; at < stream.length; at += size) {
      for (const value of values.push(stream.subarray(at, at + size)))
        found.push(Buffer.from(value).toString());
    }
    t.same(found, texts, `chunks of ${size}`);
    t.ok(values.isBetweenValues);
  }
  t.throws(() => new JsonValues(100).push(b('nonsense')), { code: 3 });
  t.throws(() => new JsonValues(100).push(b('}')), { code: 3 });
  t.throws(() => new JsonValues(10).push(b('{"key":"Zm9v"}')), { code: 3 }, 'too large');
  const half = new JsonValues(100);
  t.same(half.push(b('{"a":')), []);
  t.notOk(half.isBetweenValues);
});

t.test('a watch request of JSON is that of the client', async (t) => {
  const text = '{"create_request":{"key":"Zm9v","start_revision":1,"filters":["NOPUT",1]}}';
  const createRequest = { key: b('foo'), startRevision: 1, filters: [0, 1] };
  t.same(read(WatchRequest, text), WatchRequest.decode(WatchRequest.encode({ createRequest })));
});
