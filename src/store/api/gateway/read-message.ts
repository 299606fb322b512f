import type { FieldDescriptor, MessageCodec, PartialMessage } from '../../../wire/descriptor.js';
import { malformed } from './errors.js';
import { JsonObject, type JsonValue } from './json-text.js';
import { readBytes, readInteger } from './read-scalar.js';

/**
 * Messages from JSON, by protobuf's rules for it: names as in the .proto file or in lowerCamelCase, 64-bit integers as numbers or
 * strings, bytes in base64, enums by name or number, null for what is left out. As in etcd, fields and names of enums that are
 * not known are passed over. Throws `invalidArgument`.
 */
export function messageFromJson<T, Init>(codec: MessageCodec<T, Init>, value: JsonValue): T {
  if (!(value instanceof JsonObject)) throw malformed(`a ${codec.typeName} must be a JSON object`);
  const fields: Record<string, unknown> = {};
  const seen = new Set<string>();
  for (const [name, member] of value.members) {
    const field = fieldsByName(codec).get(name);
    if (field === undefined) continue;
    refuseTwice(seen, field.name, `duplicate field ${JSON.stringify(name)}`);
    if (member === null) continue;
    if (field.oneof !== null) {
      refuseTwice(seen, `oneof ${field.oneof}`, `oneof ${field.oneof} is already set`);
    }
    const read = field.isRepeated ? readList(field, member) : readValue(field, member);
    if (read !== undefined) fields[field.name] = read;
  }
  return codec.create(fields as PartialMessage<T>);
}

type Names = ReadonlyMap<string, FieldDescriptor>;
const namesOf = new WeakMap<object, Names>();

function fieldsByName(codec: { readonly fields: readonly FieldDescriptor[] }): Names {
  let names = namesOf.get(codec);
  if (names === undefined) {
    const both = (field: FieldDescriptor) => [field.protoName, field.name];
    names = new Map(
      codec.fields.flatMap((field) => both(field).map((name) => [name, field] as const)),
    );
    namesOf.set(codec, names);
  }
  return names;
}

function refuseTwice(seen: Set<string>, name: string, why: string): void {
  if (seen.has(name)) throw malformed(why);
  seen.add(name);
}

function readList(field: FieldDescriptor, value: JsonValue): unknown[] {
  if (!Array.isArray(value)) throw invalid(field);
  return (value as readonly JsonValue[])
    .map((element) => readValue(field, element))
    .filter((element) => element !== undefined);
}

/** One value of a field; undefined for the unknown name of an enum. */
function readValue(field: FieldDescriptor, value: JsonValue): unknown {
  switch (field.kind) {
    case 'bool':
      if (typeof value !== 'boolean') throw invalid(field);
      return value;
    case 'string':
      if (typeof value !== 'string') throw invalid(field);
      return value;
    case 'bytes':
      return readBytes(value) ?? refuse(field);
    case 'enum':
      return typeof value === 'string'
        ? field.enum?.()[value]
        : (readInteger(value, { kind: 'int32', isNumber: true }) ?? refuse(field));
    case 'message':
      if (field.message === undefined) throw invalid(field);
      return messageFromJson(field.message(), value);
    default:
      return readInteger(value, { kind: field.kind, isNumber: field.isNumber }) ?? refuse(field);
  }
}

function refuse(field: FieldDescriptor): never {
  throw invalid(field);
}

function invalid({ kind, isRepeated, protoName }: FieldDescriptor): Error {
  return malformed(`invalid value for ${isRepeated ? 'repeated ' : ''}${kind} field ${protoName}`);
}
