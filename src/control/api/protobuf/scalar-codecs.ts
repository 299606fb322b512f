import { defined } from '../../../base/assert.js';
import type { Reader } from '../../../wire/reader.js';
import type { JsonValue } from '../../machinery/json.js';
import { UnencodableError, type ValueCodec, wireTypes } from './value-codec.js';

const bool: ValueCodec = {
  wireType: wireTypes.varint,
  read: (reader) => reader.bool(),
  write(writer, value) {
    if (typeof value !== 'boolean') throw new UnencodableError('bool', value);
    writer.bool(value);
  },
  empty: () => false,
};

const int32: ValueCodec = {
  wireType: wireTypes.varint,
  read: (reader) => reader.int32(),
  write(writer, value) {
    if (typeof value !== 'number' || value !== (value | 0))
      throw new UnencodableError('int32', value);
    writer.int32(value);
  },
  empty: () => 0,
};

/** The largest number below 2^63 that a double can hold. */
const int64DoubleMax = 2 ** 63 - 1024;

/** Beyond 2^53 the nearest double, as for numbers in JSON. */
function readInt64(reader: Reader): number {
  const start = reader.pos;
  const value = reader.int64Number();
  if (Math.abs(value) < Number.MAX_SAFE_INTEGER) return value;
  reader.pos = start;
  return Math.min(Number(reader.int64()), int64DoubleMax);
}

const int64: ValueCodec = {
  wireType: wireTypes.varint,
  read: readInt64,
  write(writer, value) {
    if (Number.isSafeInteger(value)) writer.int64Number(value as number);
    else writer.int64(largeInteger(value));
  },
  empty: () => 0,
};

function largeInteger(value: JsonValue): bigint {
  if (!Number.isInteger(value)) throw new UnencodableError('int64', value);
  const large = BigInt(value as number);
  if (BigInt.asIntN(64, large) !== large) throw new UnencodableError('int64', value);
  return large;
}

const double: ValueCodec = {
  wireType: wireTypes.fixed64,
  read: (reader) => reader.double(),
  write(writer, value) {
    if (typeof value !== 'number') throw new UnencodableError('double', value);
    writer.double(value);
  },
  empty: () => 0,
};

const string: ValueCodec = {
  wireType: wireTypes.delimited,
  read: (reader) => reader.string(),
  write(writer, value) {
    if (typeof value !== 'string') throw new UnencodableError('string', value);
    writer.string(value);
  },
  empty: () => '',
};

/** Bytes are base64 in JSON. */
const bytes: ValueCodec = {
  wireType: wireTypes.delimited,
  read(reader) {
    const value = reader.bytes();
    return Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64');
  },
  write(writer, value) {
    if (typeof value !== 'string') throw new UnencodableError('bytes', value);
    writer.bytes(Buffer.from(value, 'base64'));
  },
  empty: () => '',
};

const codecs: Readonly<Record<string, ValueCodec>> = { bool, bytes, double, int32, int64, string };

/** The codec of a scalar type of .proto files. */
export function scalarCodec(type: string): ValueCodec {
  return defined(codecs[type], `scalar type ${type}`);
}
