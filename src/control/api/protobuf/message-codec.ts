import type { Reader } from '../../../wire/reader.js';
import type { Writer } from '../../../wire/writer.js';
import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { isJsonObject, setField } from '../../machinery/json-object.js';
import type { BuiltInSchemaNode } from '../built-in-schema-node.js';
import { DecodeError } from '../codec/decode-error.js';
import { writeZeroValues } from '../codec/zero-values.js';
import { tagOf } from './small-message.js';
import { UnencodableError, type ValueCodec, wireTypes } from './value-codec.js';

/** One field of a message, between the object that it is in and protobuf. */
export interface FieldCodec {
  /** As in the .proto file, with a capital. */
  readonly goName: string;
  readonly number: number;
  /** Of one value. Numbers in a list may also come packed, as one run of bytes. */
  readonly wireType: number;
  readonly isPackable: boolean;
  /** Reads one value, after its tag. */
  read(reader: Reader, object: JsonObject): void;
  /** Writes the field with its tags, or nothing when the object does not have it. */
  write(writer: Writer, object: JsonObject): void;
}

/**
 * Between objects as JSON has them and one message. Fields that the message does not know are skipped, and so are fields of the object
 * that it has no place for.
 */
export class MessageCodec implements ValueCodec {
  readonly wireType = wireTypes.delimited;
  readonly #goName: string;
  readonly #node: BuiltInSchemaNode | undefined;
  readonly #makeFields: () => readonly FieldCodec[];
  /** By number. Made when first asked for: messages refer to themselves. */
  #byNumber: (FieldCodec | undefined)[] | undefined;
  /** By descending number: a {@link Writer} writes from the end. */
  #descending: readonly FieldCodec[] = [];

  /** `node` says which zero values objects lose or always have; without one they lose all. */
  constructor(
    name: string,
    node: BuiltInSchemaNode | undefined,
    makeFields: () => readonly FieldCodec[],
  ) {
    this.#goName = name.slice(name.lastIndexOf('.') + 1);
    this.#node = node;
    this.#makeFields = makeFields;
  }

  read(reader: Reader): JsonObject {
    const object: JsonObject = {};
    this.readInto(reader, object);
    return object;
  }

  /** Reads a message with its length into an object, which may have fields already. */
  readInto(reader: Reader, object: JsonObject): void {
    const outerEnd = reader.enter();
    this.readFields(reader, object);
    reader.leave(outerEnd);
  }

  /** Reads fields up to the end of the message that is open. */
  readFields(reader: Reader, object: JsonObject): void {
    const fields = this.#fields();
    while (reader.pos < reader.end) {
      const tag = reader.tag();
      const field = fields[tag >>> 3];
      if (field === undefined) this.#skip(reader, tag);
      else if (field.wireType === (tag & 7)) field.read(reader, object);
      else if (field.isPackable && (tag & 7) === wireTypes.delimited) {
        const outerEnd = reader.narrow();
        while (reader.pos < reader.end) field.read(reader, object);
        reader.widen(outerEnd);
      } else {
        throw new DecodeError(`proto: wrong wireType = ${tag & 7} for field ${field.goName}`);
      }
    }
    if (this.#node !== undefined) writeZeroValues(object, this.#node);
  }

  write(writer: Writer, value: JsonValue): void {
    if (!isJsonObject(value)) throw new UnencodableError(this.#goName, value);
    const sizeBefore = writer.size;
    this.writeFields(writer, value);
    writer.length(sizeBefore);
  }

  writeFields(writer: Writer, object: JsonObject): void {
    this.#fields();
    for (const field of this.#descending) field.write(writer, object);
  }

  empty(): JsonObject {
    const object: JsonObject = {};
    if (this.#node !== undefined) writeZeroValues(object, this.#node);
    return object;
  }

  #skip(reader: Reader, tag: number): void {
    const wireType = tag & 7;
    if (wireType === 4)
      throw new DecodeError(`proto: ${this.#goName}: wiretype end group for non-group`);
    if (wireType === 3 || wireType > 5)
      throw new DecodeError(`proto: illegal wireType ${wireType}`);
    reader.skip(tag, false);
  }

  #fields(): (FieldCodec | undefined)[] {
    if (this.#byNumber !== undefined) return this.#byNumber;
    const fields = this.#makeFields();
    const byNumber: (FieldCodec | undefined)[] = [];
    for (const field of fields) byNumber[field.number] = field;
    this.#descending = [...fields].sort((a, b) => b.number - a.number);
    this.#byNumber = byNumber;
    return byNumber;
  }
}

/** What a field is called, in JSON and by Go, and what it holds. */
export interface FieldOptions {
  readonly name: string;
  readonly goName: string;
  readonly number: number;
  readonly codec: ValueCodec;
}

/** A field with at most one value. `losesZero`: a zero value counts as absent. */
export function singleField(options: FieldOptions, losesZero: boolean): FieldCodec {
  const { name, goName, number, codec } = options;
  const tag = tagOf(number, codec.wireType);
  return {
    ...{ goName, number, wireType: codec.wireType, isPackable: false },
    read(reader, object) {
      const old = object[name];
      // A message that comes in several parts is their sum.
      if (old !== undefined && codec instanceof MessageCodec && isJsonObject(old)) {
        codec.readInto(reader, old);
        return;
      }
      const value = codec.read(reader);
      const isLost = value === null || (losesZero && isZero(value));
      if (!isLost) object[name] = value;
      else if (old !== undefined) delete object[name];
    },
    write(writer, object) {
      const value = object[name];
      if (value === undefined || value === null) return;
      codec.write(writer, value);
      writer.tag(tag);
    },
  };
}

function isZero(value: JsonValue): boolean {
  return value === '' || value === 0 || value === false;
}

/** A list. */
export function repeatedField(options: FieldOptions): FieldCodec {
  const { name, goName, number, codec } = options;
  const tag = tagOf(number, codec.wireType);
  const isPackable = codec.wireType !== wireTypes.delimited;
  return {
    ...{ goName, number, wireType: codec.wireType, isPackable },
    read(reader, object) {
      const value = codec.read(reader);
      const list = object[name];
      if (Array.isArray(list)) list.push(value);
      else object[name] = [value];
    },
    write(writer, object) {
      const list = object[name];
      if (list === undefined || list === null) return;
      if (!Array.isArray(list)) throw new UnencodableError('list', list);
      for (let at = list.length - 1; at >= 0; at--) {
        codec.write(writer, list[at] as JsonValue);
        writer.tag(tag);
      }
    },
  };
}

const keyTag = tagOf(1, wireTypes.delimited);

/** A map with texts as keys, written in their order: one message of key and value for each entry. */
export function mapField(options: FieldOptions): FieldCodec {
  const { name, goName, number, codec } = options;
  const tag = tagOf(number, wireTypes.delimited);
  const valueTag = tagOf(2, codec.wireType);
  return {
    ...{ goName, number, wireType: wireTypes.delimited, isPackable: false },
    read(reader, object) {
      const outerEnd = reader.narrow();
      let [key, value]: [string, JsonValue | undefined] = ['', undefined];
      while (reader.pos < reader.end) {
        const entryTag = reader.tag();
        if (entryTag === keyTag) key = reader.string();
        else if (entryTag === valueTag) value = codec.read(reader);
        else reader.skip(entryTag, false);
      }
      reader.widen(outerEnd);
      const old = object[name];
      const map = isJsonObject(old) ? old : {};
      object[name] = map;
      setField(map, key, value ?? codec.empty());
    },
    write(writer, object) {
      const map = object[name];
      if (map === undefined || map === null) return;
      if (!isJsonObject(map)) throw new UnencodableError('map', map);
      const keys = Object.keys(map).sort();
      for (let at = keys.length - 1; at >= 0; at--) {
        const key = keys[at] as string;
        const sizeBefore = writer.size;
        codec.write(writer, map[key] as JsonValue);
        writer.tag(valueTag);
        writer.string(key);
        writer.tag(keyTag);
        writer.length(sizeBefore);
        writer.tag(tag);
      }
    },
  };
}

/** A message whose fields JSON has in the object around it. */
export function inlineField(options: {
  readonly goName: string;
  readonly number: number;
  readonly message: MessageCodec;
}): FieldCodec {
  const { goName, number, message } = options;
  const tag = tagOf(number, wireTypes.delimited);
  return {
    ...{ goName, number, wireType: wireTypes.delimited, isPackable: false },
    read: (reader, object) => message.readInto(reader, object),
    write(writer, object) {
      const sizeBefore = writer.size;
      message.writeFields(writer, object);
      writer.length(sizeBefore);
      writer.tag(tag);
    },
  };
}
