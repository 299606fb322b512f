import t from 'tap';
import { Prng } from '../../src/base/prng.js';
import { codecs, randomMessage, types } from './oracle.js';

const samplesPerType = 60;
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

t.test('codecs: exist for exactly the messages of proto/', (t) => {
  t.same([...codecs.keys()].sort(), types.map((type) => type.fullName.slice(1)).sort());
  t.end();
});

t.test(`codecs: agree with protobufjs on random messages (SEED=${seed})`, (t) => {
  for (const type of types) {
    const codec = codecs.get(type.fullName.slice(1))!;
    const prng = new Prng(seed);
    const failures: unknown[] = [];
    for (let i = 0; i < samplesPerType && failures.length === 0; i++) {
      const { full, sparse, plain } = randomMessage(type, prng);
      const expected = plainBytes(type.encode(type.fromObject(plain)).finish());
      const checks: [string, unknown, unknown][] = [
        ['encode', codec.encode(sparse), expected],
        ['encode of a complete message', codec.encode(full), expected],
        ['decode', codec.decode(expected), full],
        ['create', codec.create(full as never), full],
      ];
      for (const [name, found, wanted] of checks) {
        if (!isSame(found, wanted)) failures.push({ i, name, found, wanted });
      }
    }
    t.same(failures, [], `${codec.typeName}, SEED=${seed}`);
  }
  t.end();
});

t.test(`decode: merges concatenated messages as protobufjs does (SEED=${seed})`, (t) => {
  for (const type of types) {
    const codec = codecs.get(type.fullName.slice(1))!;
    const prng = new Prng(seed);
    const failures: unknown[] = [];
    for (let i = 0; i < samplesPerType && failures.length === 0; i++) {
      const first = codec.encode(randomMessage(type, prng).sparse);
      const second = codec.encode(randomMessage(type, prng).sparse);
      const both = Buffer.concat([first, second]);
      const found = codec.encode(codec.decode(both));
      const wanted = plainBytes(type.encode(type.decode(both)).finish());
      if (!isSame(found, wanted)) failures.push({ i, both: both.toString('hex'), found, wanted });
    }
    t.same(failures, [], `${codec.typeName}, SEED=${seed}`);
  }
  t.end();
});

t.test(`decode: drops unknown fields and takes Buffers (SEED=${seed})`, (t) => {
  const unknown = ['a0ff0f01', 'a1ff0f0102030405060708', 'a2ff0f03616263', 'a5ff0f01020304'];
  for (const type of types) {
    const codec = codecs.get(type.fullName.slice(1))!;
    const prng = new Prng(seed);
    const { full, sparse } = randomMessage(type, prng);
    const known = Buffer.from(codec.encode(sparse)).toString('hex');
    for (const field of unknown) {
      t.same(codec.decode(Buffer.from(field + known + field, 'hex')), full, codec.typeName);
    }
  }
  t.end();
});

t.test('messages: decoded and created ones have their fields in one order', (t) => {
  for (const codec of codecs.values()) {
    const names = codec.fields.map((field) => field.name);
    t.same(Object.keys(codec.decode(new Uint8Array(0)) as object), names, codec.typeName);
    t.same(Object.keys(codec.create() as object), names, codec.typeName);
    t.equal(codec.encode(codec.create()).length, 0, 'defaults are not written');
  }
  t.end();
});

function plainBytes(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes);
}

/** Deep equality of messages that also tells apart number and bigint, absent and undefined, Buffer and Uint8Array. */
function isSame(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return (
      a instanceof Uint8Array &&
      b instanceof Uint8Array &&
      a.constructor === b.constructor &&
      Buffer.compare(a, b) === 0
    );
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return Object.is(a, b);
  }
  const keys = Object.keys(a);
  return (
    keys.join() === Object.keys(b).join() &&
    keys.every((key) => isSame(Reflect.get(a, key), Reflect.get(b, key)))
  );
}
