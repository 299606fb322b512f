import type { JsonValue } from '../../machinery/json.js';
import { Quantity } from '../../machinery/quantity.js';
import { formatMicroTime, formatTime, parseTime } from '../../machinery/time.js';
import { DecodeError } from '../codec/decode-error.js';
import { scalarCodec } from './scalar-codecs.js';
import { readSmallMessage, tagOf, writeSmallMessage } from './small-message.js';
import { UnencodableError, type ValueCodec, wireTypes } from './value-codec.js';

const { varint, delimited } = wireTypes;
const [int32, int64, string] = [scalarCodec('int32'), scalarCodec('int64'), scalarCodec('string')];

/** Written as its text. */
export const quantityCodec: ValueCodec = {
  wireType: delimited,
  read(reader) {
    let text = '0';
    readSmallMessage(reader, (number, wireType) => {
      if (number !== 1 || wireType !== delimited) return false;
      text = canonicalQuantity(reader.string());
      return true;
    });
    return text;
  },
  write(writer, value) {
    const text = typeof value === 'number' ? String(value) : value;
    writeSmallMessage(writer, () => {
      string.write(writer, text);
      writer.tag(tagOf(1, delimited));
    });
  },
  empty: () => '0',
};

function canonicalQuantity(text: string): string {
  try {
    return Quantity.parse(text).toString();
  } catch (error) {
    throw new DecodeError(error instanceof Error ? error.message : String(error));
  }
}

/** Times in seconds; the zero time, which JSON has as null, is a message without fields. */
export const timeCodec: ValueCodec = timestampCodec(formatTime, 1_000_000_000);

/** Times in microseconds. */
export const microTimeCodec: ValueCodec = timestampCodec(formatMicroTime, 1000);

/** Seconds of the years 1 to 9999, which is what times in JSON can say. */
const [secondsMin, secondsMax] = [-62_135_596_800, 253_402_300_799];

function timestampCodec(format: (ms: number) => string, nanosStep: number): ValueCodec {
  return {
    wireType: delimited,
    read(reader) {
      let [seconds, nanos] = [0, 0];
      readSmallMessage(reader, (number, wireType) => {
        if (wireType !== varint || number > 2) return false;
        if (number === 1) seconds = int64.read(reader) as number;
        else nanos = reader.int32();
        return true;
      });
      if (seconds === 0 && nanos === 0) return null;
      if (seconds < secondsMin || seconds > secondsMax)
        throw new DecodeError('Time.UnmarshalJSON: year outside of range [0,9999]');
      return format(seconds * 1000 + Math.floor(nanos / nanosStep) * (nanosStep / 1e6));
    },
    write(writer, value) {
      writeSmallMessage(writer, () => {
        if (value === null) return;
        const ms = typeof value === 'string' ? parseTime(value) : null;
        if (ms === null) throw new UnencodableError('time', value);
        const seconds = Math.floor(ms / 1000);
        const steps = Math.round(((ms - seconds * 1000) * 1e6) / nanosStep);
        writer.int32(nanosStep === 1000 ? steps * nanosStep : 0);
        writer.tag(tagOf(2, varint));
        writer.int64Number(seconds);
        writer.tag(tagOf(1, varint));
      });
    },
    empty: () => null,
  };
}

/** `type` says which of the two counts: 0 the number, 1 the text. */
export const intOrStringCodec: ValueCodec = {
  wireType: delimited,
  read(reader) {
    let [type, number, text] = [0, 0, ''];
    readSmallMessage(reader, (field, wireType) => {
      if (field === 1 && wireType === varint) type = int64.read(reader) as number;
      else if (field === 2 && wireType === varint) number = reader.int32();
      else if (field === 3 && wireType === delimited) text = reader.string();
      else return false;
      return true;
    });
    if (type !== 0 && type !== 1) throw new DecodeError('impossible IntOrString.Type');
    return type === 1 ? text : number;
  },
  write(writer, value) {
    const isText = typeof value === 'string';
    writeSmallMessage(writer, () => {
      string.write(writer, isText ? value : '');
      writer.tag(tagOf(3, delimited));
      int32.write(writer, isText ? 0 : value);
      writer.tag(tagOf(2, varint));
      writer.uint32(isText ? 1 : 0);
      writer.tag(tagOf(1, varint));
    });
  },
  empty: () => 0,
};

/** A list that is a message of its own, so that an empty one can be told from none. */
export function listMessageCodec(element: ValueCodec): ValueCodec {
  return {
    wireType: delimited,
    read(reader) {
      const items: JsonValue[] = [];
      readSmallMessage(reader, (number, wireType) => {
        if (number !== 1 || wireType !== element.wireType) return false;
        items.push(element.read(reader));
        return true;
      });
      return items;
    },
    write(writer, value) {
      if (!Array.isArray(value)) throw new UnencodableError('list', value);
      writeSmallMessage(writer, () => {
        for (let at = value.length - 1; at >= 0; at--) {
          element.write(writer, value[at] as JsonValue);
          writer.tag(tagOf(1, element.wireType));
        }
      });
    },
    empty: () => [],
  };
}
