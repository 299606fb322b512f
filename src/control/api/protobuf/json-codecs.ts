import type { JsonValue } from '../../machinery/json.js';
import { isJsonObject } from '../../machinery/json-object.js';
import { DecodeError } from '../codec/decode-error.js';
import { scanJson } from '../codec/json-scan.js';
import { readSmallMessage, tagOf, writeSmallMessage } from './small-message.js';
import { UnencodableError, type ValueCodec, wireTypes } from './value-codec.js';

const { varint, delimited } = wireTypes;
const encoder = new TextEncoder();

/** Nested deeper than this is refused, as in bodies of JSON. */
const depthMax = 1000;

/** Data without a schema: JSON in a field of bytes. None is null. */
export const jsonCodec: ValueCodec = {
  wireType: delimited,
  read(reader) {
    let value: JsonValue = null;
    readSmallMessage(reader, (number, wireType) => {
      if (number !== 1 || wireType !== delimited) return false;
      value = parseJson(reader.bytes());
      return true;
    });
    return value;
  },
  write(writer, value) {
    writeSmallMessage(writer, () => {
      if (value === null) return;
      writer.bytes(encoder.encode(JSON.stringify(value)));
      writer.tag(tagOf(1, delimited));
    });
  },
  empty: () => null,
};

/** Reads JSON from outside; nothing at all is null. Throws DecodeError. */
export function parseJson(bytes: Uint8Array): JsonValue {
  if (bytes.length === 0) return null;
  if (scanJson(bytes).depth > depthMax) throw new DecodeError('exceeded max depth');
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());
  } catch (error) {
    throw new DecodeError(error instanceof Error ? error.message : String(error));
  }
}

/** What a schema can be besides a schema: a boolean, a list of schemas, or a list of names. */
export function schemaOrCodec(
  kind: 'bool' | 'schemas' | 'names',
  parts: { readonly schema: ValueCodec; readonly string: ValueCodec },
): ValueCodec {
  return kind === 'bool' ? schemaOrBool(parts.schema) : schemaOrList(kind, parts);
}

/** Fields `allows` (1) and `schema` (2). */
function schemaOrBool(schema: ValueCodec): ValueCodec {
  return {
    wireType: delimited,
    read(reader) {
      let value: JsonValue = false;
      readSmallMessage(reader, (number, wireType) => {
        if (number === 1 && wireType === varint) {
          const allows = reader.bool();
          if (typeof value === 'boolean') value = allows;
        } else if (number === 2 && wireType === delimited) value = schema.read(reader);
        else return false;
        return true;
      });
      return value;
    },
    write(writer, value) {
      const isSchema = isJsonObject(value);
      if (!isSchema && typeof value !== 'boolean') throw new UnencodableError('schema', value);
      writeSmallMessage(writer, () => {
        if (isSchema) {
          schema.write(writer, value);
          writer.tag(tagOf(2, delimited));
        }
        writer.bool(isSchema || value === true);
        writer.tag(tagOf(1, varint));
      });
    },
    empty: () => false,
  };
}

/** Fields `schema` (1) and a list (2). */
function schemaOrList(
  kind: 'schemas' | 'names',
  { schema, string }: { readonly schema: ValueCodec; readonly string: ValueCodec },
): ValueCodec {
  const element = kind === 'schemas' ? schema : string;
  return {
    wireType: delimited,
    read(reader) {
      let value: JsonValue = null;
      readSmallMessage(reader, (number, wireType) => {
        if (wireType !== delimited) return false;
        if (number === 1) value = schema.read(reader);
        else if (number === 2) {
          const item = element.read(reader);
          if (Array.isArray(value)) value.push(item);
          else value = [item];
        } else return false;
        return true;
      });
      return value;
    },
    write(writer, value) {
      if (typeof value !== 'object') throw new UnencodableError('schema', value);
      writeSmallMessage(writer, () => {
        if (isJsonObject(value)) {
          schema.write(writer, value);
          writer.tag(tagOf(1, delimited));
        } else if (value !== null) {
          for (let at = value.length - 1; at >= 0; at--) {
            element.write(writer, value[at] as JsonValue);
            writer.tag(tagOf(2, delimited));
          }
        }
      });
    },
    empty: () => null,
  };
}
