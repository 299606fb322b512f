import t from 'tap';
import { Prng } from '../../src/base/prng.js';
import {
  Compare,
  depthMax,
  type FieldDescriptor,
  type FieldKind,
  LeaseGrantRequest,
  MemberListRequest,
  PutRequest,
  RequestOp,
  ResponseHeader,
  store,
  TxnRequest,
  WatchCreateRequest,
  WireError,
  type WireErrorCode,
} from '../../src/wire/index.js';
import { type AnyCodec, codecs, randomMessage, types } from './oracle.js';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

interface Malformed {
  readonly name: string;
  readonly codec: AnyCodec;
  readonly hex: string;
  readonly code: WireErrorCode;
  readonly offset: number;
}

const malformed: readonly Malformed[] = [
  { name: 'a tag cut off', codec: PutRequest, hex: '8a', code: 'truncated', offset: 1 },
  { name: 'a value missing', codec: PutRequest, hex: '18', code: 'truncated', offset: 1 },
  { name: 'a varint cut off', codec: PutRequest, hex: '18ffff', code: 'truncated', offset: 3 },
  { name: 'a length missing', codec: PutRequest, hex: '0a', code: 'truncated', offset: 1 },
  { name: 'a length past the end', codec: PutRequest, hex: '0a0261', code: 'truncated', offset: 1 },
  {
    name: 'a length of 2^32, which is 0 in 32 bits',
    codec: PutRequest,
    hex: '0a8080808010',
    code: 'truncated',
    offset: 1,
  },
  {
    name: 'a length of 2^64-1',
    codec: PutRequest,
    hex: '0affffffffffffffffff01',
    code: 'truncated',
    offset: 1,
  },
  {
    name: 'a nested message that is longer than its parent',
    codec: TxnRequest,
    hex: '0a021a056161616161',
    code: 'truncated',
    offset: 3,
  },
  {
    name: 'a value that runs past its nested message',
    codec: TxnRequest,
    hex: '0a0108' + '01',
    code: 'truncated',
    offset: 3,
  },
  {
    name: 'a packed varint that runs past its run',
    codec: store.LeaseKeepAliveBatch,
    hex: '0a02018001',
    code: 'truncated',
    offset: 4,
  },
  {
    name: 'an unknown fixed64 cut off',
    codec: PutRequest,
    hex: 'f10601020304050607',
    code: 'truncated',
    offset: 2,
  },
  {
    name: 'an unknown fixed32 cut off',
    codec: PutRequest,
    hex: 'f506010203',
    code: 'truncated',
    offset: 2,
  },
  {
    name: 'an unknown length past the end',
    codec: PutRequest,
    hex: 'f20605616263',
    code: 'truncated',
    offset: 2,
  },
  {
    name: 'a varint of 11 bytes',
    codec: PutRequest,
    hex: '188080808080808080808001',
    code: 'varint-overflow',
    offset: 11,
  },
  {
    name: 'a varint of 65 bits',
    codec: PutRequest,
    hex: '1880808080808080808002',
    code: 'varint-overflow',
    offset: 11,
  },
  {
    name: 'an unknown varint of 11 bytes',
    codec: MemberListRequest,
    hex: 'f006ffffffffffffffffffff01',
    code: 'varint-overflow',
    offset: 12,
  },
  { name: 'field number 0', codec: PutRequest, hex: '0001', code: 'field-number', offset: 0 },
  {
    name: 'field number 0, written long',
    codec: PutRequest,
    hex: '828000',
    code: 'field-number',
    offset: 0,
  },
  {
    name: 'field number 2^29 + 1, which is 1 in 32 bits',
    codec: PutRequest,
    hex: '88808080' + '1001',
    code: 'field-number',
    offset: 0,
  },
  {
    name: 'field number 2^29',
    codec: PutRequest,
    hex: '808080801001',
    code: 'field-number',
    offset: 0,
  },
  {
    name: 'a known varint field as bytes',
    codec: PutRequest,
    hex: '1a0161',
    code: 'wire-type',
    offset: 1,
  },
  {
    name: 'a known bytes field as a varint',
    codec: PutRequest,
    hex: '0801',
    code: 'wire-type',
    offset: 1,
  },
  {
    name: 'a known varint field as fixed64',
    codec: LeaseGrantRequest,
    hex: '090102030405060708',
    code: 'wire-type',
    offset: 1,
  },
  {
    name: 'a known field beyond a gap with a wrong type',
    codec: Compare,
    hex: '800401',
    code: 'wire-type',
    offset: 2,
  },
  { name: 'a group', codec: PutRequest, hex: 'f306f406', code: 'wire-type', offset: 2 },
  { name: 'the end of a group', codec: PutRequest, hex: 'f406', code: 'wire-type', offset: 2 },
  { name: 'wire type 6', codec: PutRequest, hex: 'f606', code: 'wire-type', offset: 2 },
  { name: 'wire type 7', codec: PutRequest, hex: 'f706', code: 'wire-type', offset: 2 },
];

const malformedStrings = {
  'a lone continuation byte': '80',
  'a sequence cut off': 'e697',
  'an overlong slash': 'c0af',
  'an encoded surrogate': 'eda080',
  'a code point above U+10FFFF': 'f4908080',
  'a bad byte after much good text': `${'61'.repeat(60)}ff`,
};

t.test('decode: refuses malformed bytes with a WireError that says where', (t) => {
  for (const { name, codec, hex, code, offset } of malformed) {
    const found = decodeError(codec, hex);
    t.ok(found instanceof WireError, `${name}: ${String(found)}`);
    t.match(found, { code, offset }, name);
  }
  t.end();
});

t.test('decode: refuses strings that are not UTF-8', (t) => {
  for (const [name, hex] of Object.entries(malformedStrings)) {
    const length = (hex.length / 2).toString(16).padStart(2, '0');
    t.match(
      decodeError(store.MemberPublish, `12${length}${hex}`),
      { code: 'utf8', offset: 2 },
      name,
    );
  }
  t.end();
});

t.test('decode: accepts the deepest permitted nesting and refuses one level more', (t) => {
  t.equal(depthMax, 100);
  const deepest = nestedTxn(depthMax);
  t.same(TxnRequest.encode(TxnRequest.decode(deepest)), deepest);
  const deeper = nestedTxn(depthMax + 1);
  t.match(decodeError(TxnRequest, Buffer.from(deeper).toString('hex')), { code: 'depth' });
  t.end();
});

t.test('decode: accepts what is unusual but valid', (t) => {
  const cases = [
    {
      name: 'a tag written long',
      codec: PutRequest,
      hex: '8a00' + '0161',
      has: { key: bytes('61') },
    },
    {
      name: 'a length written long',
      codec: PutRequest,
      hex: '0a810061',
      has: { key: bytes('61') },
    },
    { name: 'a bool of 2', codec: PutRequest, hex: '2002', has: { prevKv: true } },
    {
      name: 'a bool of 2^63',
      codec: PutRequest,
      hex: '2080808080808080808001',
      has: { prevKv: true },
    },
    { name: 'a bool of 0, written long', codec: PutRequest, hex: '208000', has: { prevKv: false } },
    {
      name: 'the last of two values',
      codec: PutRequest,
      hex: '0a01610a0162',
      has: { key: bytes('62') },
    },
    {
      name: 'a packed run',
      codec: WatchCreateRequest,
      hex: '2a03000107',
      has: { filters: [0, 1, 7] },
    },
    {
      name: 'unpacked numbers',
      codec: WatchCreateRequest,
      hex: '28012800',
      has: { filters: [1, 0] },
    },
    {
      name: 'both',
      codec: store.LeaseKeepAliveBatch,
      hex: '08010a020203' + '0a00' + '08ffffffffffffffffff01',
      has: { ids: [1n, 2n, 3n, -1n] },
    },
    {
      name: 'the last member of a oneof',
      codec: Compare,
      hex: '20053a0161',
      has: { version: undefined, value: bytes('61') },
    },
    { name: 'a oneof member that is 0', codec: Compare, hex: '2000', has: { version: 0 } },
    {
      name: 'a counter past the safe range',
      codec: ResponseHeader,
      hex: '18ffffffffffffffff7f' + '20ffffffffffffffffff01',
      has: { revision: Number.MAX_SAFE_INTEGER, raftTerm: Number.MAX_SAFE_INTEGER },
    },
    {
      name: 'a counter below the safe range',
      codec: ResponseHeader,
      hex: '1880808080808080808001',
      has: { revision: Number.MIN_SAFE_INTEGER },
    },
    {
      name: 'an id of all 64 bits',
      codec: ResponseHeader,
      hex: '08ffffffffffffffffff01',
      has: { clusterId: 2n ** 64n - 1n },
    },
    {
      name: 'an int32 of 33 bits, which loses its upper ones',
      codec: store.AlarmRecord,
      hex: '10818080801' + '0',
      has: { alarm: 1 },
    },
    { name: 'field number 2^29-1', codec: PutRequest, hex: 'f8ffffff0f01', has: {} },
    {
      name: 'a byte order mark, kept',
      codec: store.MemberPublish,
      hex: '1204efbbbf61',
      has: { name: '\ufeffa' },
    },
  ] satisfies { name: string; codec: AnyCodec; hex: string; has: object }[];
  for (const { name, codec, hex, has } of cases) {
    const decoded = codec.decode(bytes(hex));
    for (const [key, value] of Object.entries(has)) {
      t.strictSame(Reflect.get(decoded, key), value, `${name}: ${key}`);
    }
  }
  t.end();
});

t.test('decode: bytes fields are plain views of the input', (t) => {
  const input = Buffer.from(PutRequest.encode({ key: bytes('6162') }));
  const { key } = PutRequest.decode(input);
  t.equal(key.constructor, Uint8Array);
  t.equal(key.buffer, input.buffer);
  t.equal(key.byteOffset, input.byteOffset + 2);
  t.end();
});

t.test('decode: of the members of a oneof the last one wins, for every pair', (t) => {
  for (const codec of codecs.values()) {
    const members = codec.fields.filter((field) => field.oneof !== null);
    for (const first of members) {
      for (const last of members.filter(
        (field) => field !== first && field.oneof === first.oneof,
      )) {
        const input = Buffer.concat([first, last].map((field) => encodeMember(codec, field)));
        const expected = codec.decode(encodeMember(codec, last));
        t.strictSame(
          codec.decode(input),
          expected,
          `${codec.typeName}: ${first.name}, ${last.name}`,
        );
      }
    }
  }
  t.end();
});

t.test('RequestOp: a member may occur in pieces', (t) => {
  const pieces = [{ requestPut: { key: bytes('61') } }, { requestPut: { lease: 7n } }];
  const input = Buffer.concat(pieces.map((piece) => RequestOp.encode(piece)));
  t.match(RequestOp.decode(input), { requestPut: { key: bytes('61'), lease: 7n } });
  t.end();
});

t.test(`decode: mutated bytes give a message or a WireError, nothing else (SEED=${seed})`, (t) => {
  const prng = new Prng(seed);
  let accepted = 0;
  let refused = 0;
  const failures: string[] = [];
  for (const type of types) {
    const codec = codecs.get(type.fullName.slice(1))!;
    for (let i = 0; i < 200; i++) {
      const input = mutate(codec.encode(randomMessage(type, prng).sparse), prng);
      try {
        const message = codec.decode(input);
        const canonical = codec.encode(message);
        if (Buffer.compare(codec.encode(codec.decode(canonical)), canonical) !== 0) {
          failures.push(`${codec.typeName} ${input.toString('hex')}: is not stable`);
        }
        accepted++;
      } catch (error) {
        if (!(error instanceof WireError)) {
          failures.push(`${codec.typeName} ${input.toString('hex')}: ${String(error)}`);
        }
        refused++;
      }
    }
  }
  t.same(failures, [], `SEED=${seed}`);
  t.ok(accepted > 500, `accepted ${accepted}`);
  t.ok(refused > 500, `refused ${refused}`);
  t.end();
});

function mutate(bytes: Uint8Array, prng: Prng): Buffer {
  let result = Buffer.from(bytes);
  for (let count = prng.int(1, 4); count > 0; count--) {
    const at = prng.int(0, result.length + 1);
    const extra = prng.bytes(prng.int(0, 4));
    const skipped = prng.pick([0, 0, 1, 4]);
    const tail = prng.chance(0.2) ? Buffer.alloc(0) : result.subarray(at + skipped);
    result = Buffer.concat([result.subarray(0, at), extra, tail]);
    if (result.length > 0 && prng.chance(0.5)) {
      result[prng.int(0, result.length)] = prng.pick([0, 1, 0x7f, 0x80, 0xff, prng.int(0, 256)]);
    }
  }
  return result;
}

/** A transaction whose innermost message is at depth `depth`: by turns a RequestOp and a TxnRequest. */
function nestedTxn(depth: number): Uint8Array {
  let content = new Uint8Array(0);
  for (let i = depth; i > 0; i--) content = lengthPrefixed(i % 2 === 1 ? 0x12 : 0x22, content);
  return content;
}

function lengthPrefixed(tag: number, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const { length } = content;
  const prefix = length < 0x80 ? [tag, length] : [tag, (length & 0x7f) | 0x80, length >> 7];
  return Uint8Array.from([...prefix, ...content]);
}

function encodeMember(codec: AnyCodec, { name, kind, isNumber }: FieldDescriptor): Uint8Array {
  const values: Partial<Record<FieldKind, unknown>> = { bytes: bytes('61'), message: {} };
  return codec.encode({ [name]: values[kind] ?? (isNumber ? 1 : 1n) });
}

function decodeError(codec: AnyCodec, hex: string): unknown {
  try {
    return codec.decode(bytes(hex));
  } catch (error) {
    return error;
  }
}

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}
