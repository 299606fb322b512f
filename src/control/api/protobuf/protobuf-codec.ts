import { WireError } from '../../../wire/errors.js';
import { emptyBytes, Reader } from '../../../wire/reader.js';
import { Writer } from '../../../wire/writer.js';
import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { isJsonObject } from '../../machinery/json-object.js';
import { apiVersionOf, type GroupVersionKind } from '../../machinery/object.js';
import { badRequest } from '../../machinery/status-errors.js';
import { DecodeError } from '../codec/decode-error.js';
import { cannotBeHandled, unrecognized } from '../codec/envelope.js';
import { definitionOf } from '../schema.js';
import { prefix, writeEnvelopeEnd, writeEnvelopeStart } from './envelope-writer.js';
import { parseJson } from './json-codecs.js';
import { ListWriter } from './list-writer.js';
import type { MessageCodec } from './message-codec.js';
import { isMessage, messageOfDefinition } from './message-facts.js';
import { Messages } from './messages.js';
import { readSmallMessage, tagOf, writeSmallMessage } from './small-message.js';
import { UnencodableError, type ValueCodec, wireTypes } from './value-codec.js';

const metaPackage = 'k8s.io.apimachinery.pkg.apis.meta';
const watchEvent = `${metaPackage}.v1.WatchEvent`;
const { delimited } = wireTypes;

/** Objects in objects, as in a list of any kinds, deeper than this are refused. */
const nestingMax = 4;

/** What surrounds an object in protobuf (runtime.Unknown). */
interface Envelope {
  apiVersion: string;
  kind: string;
  raw: Uint8Array;
}

/**
 * Kubernetes' protobuf of every kind of the API, lists, options, Status and watch events too: between bytes and objects as their JSON
 * has them, canonical like all that is decoded.
 */
export class KubernetesProtobuf {
  readonly #messages: Messages;
  readonly #byKind = new Map<string, MessageCodec | null>();
  readonly #writer = new Writer();
  #nesting = 0;

  constructor() {
    this.#messages = new Messages(this.#nestedObject());
  }

  /**
   * The object in the bytes; `defaultKind` counts for what they leave out of its kind. Of a kind that has no protobuf form nothing but
   * the kind is read. Throws StatusError 400 with Kubernetes' texts.
   */
  decode(bytes: Uint8Array, defaultKind: GroupVersionKind | null): JsonObject {
    const of = defaultKind ?? { group: '', version: '', kind: '' };
    const envelope = this.#readEnvelope(bytes, of);
    const kind = kindOf(envelope, of);
    try {
      return this.#readObject(kind, envelope.raw);
    } catch (error) {
      throw cannotBeHandled(kind, { of }, textOf(error));
    }
  }

  /** The bytes of an object, by its `apiVersion` and `kind`; null when that kind has no protobuf form. */
  encode(object: JsonObject): Uint8Array | null {
    if (this.#messageOf(kindOfObject(object)) === null) return null;
    this.#writer.reset();
    this.#writeObject(this.#writer, object);
    return this.#writer.finish();
  }

  /** Begins a list, whose items are added later; null when its kind has no protobuf form. */
  listWriter(list: JsonObject): ListWriter | null {
    const kind = kindOfObject(list);
    const message = this.#messageOf(kind);
    return message === null ? null : new ListWriter(list, { writer: this.#writer, kind, message });
  }

  /**
   * One event of a watch, as a stream has them after their length: the message alone, around the object with its kind. Null when that
   * kind has no protobuf form.
   */
  encodeEvent(type: string, object: JsonObject): Uint8Array | null {
    if (this.#messageOf(kindOfObject(object)) === null) return null;
    this.#writer.reset();
    this.#messages.of(watchEvent).writeFields(this.#writer, { type, object });
    return this.#writer.finish();
  }

  /** The inverse of {@link encodeEvent}. Throws StatusError 400. */
  decodeEvent(bytes: Uint8Array): { readonly type: string; readonly object: JsonObject } {
    const event: JsonObject = {};
    try {
      this.#messages.of(watchEvent).readFields(new Reader(bytes), event);
    } catch (error) {
      throw badRequest(`unable to decode watch event: ${textOf(error)}`);
    }
    const { type, object } = event;
    if (typeof type === 'string' && isJsonObject(object)) return { type, object };
    throw badRequest('unable to decode watch event: it has no object');
  }

  #readEnvelope(bytes: Uint8Array, of: GroupVersionKind): Envelope {
    try {
      return readEnvelope(bytes);
    } catch (error) {
      throw unrecognized(bytes, { of }, textOf(error));
    }
  }

  #readObject(kind: GroupVersionKind, raw: Uint8Array): JsonObject {
    const object: JsonObject = { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: {} };
    const message = this.#messageOf(kind);
    if (message === null) return object;
    message.readFields(new Reader(raw), object);
    return object;
  }

  #writeObject(writer: Writer, object: JsonObject): void {
    const kind = kindOfObject(object);
    const message = this.#messageOf(kind);
    if (message === null) throw new UnencodableError('object', kind.kind);
    writeEnvelopeEnd(writer);
    const sizeBefore = writer.size;
    message.writeFields(writer, object);
    writeEnvelopeStart(writer, kind, writer.size - sizeBefore);
  }

  /** Null when the kind has no message. */
  #messageOf(kind: GroupVersionKind): MessageCodec | null {
    const key = `${kind.group}/${kind.version}/${kind.kind}`;
    const known = this.#byKind.get(key);
    if (known !== undefined) return known;
    const name = messageNameOf(kind);
    if (name === undefined) return null;
    const message = this.#messages.of(name);
    this.#byKind.set(key, message);
    return message;
  }

  /** An object within an object, with its own kind; JSON when it has no protobuf form. */
  #nestedObject(): ValueCodec {
    return {
      wireType: delimited,
      read: (reader) => {
        let value: JsonValue = null;
        readSmallMessage(reader, (number, wireType) => {
          if (number !== 1 || wireType !== delimited) return false;
          value = this.#readNested(reader.bytes());
          return true;
        });
        return value;
      },
      write: (writer, value) => {
        if (!isJsonObject(value)) throw new UnencodableError('object', value);
        writeSmallMessage(writer, () => {
          const sizeBefore = writer.size;
          if (this.#messageOf(kindOfObject(value)) !== null) this.#writeObject(writer, value);
          else writer.raw(Buffer.from(JSON.stringify(value)));
          writer.length(sizeBefore);
          writer.tag(tagOf(1, delimited));
        });
      },
      empty: () => null,
    };
  }

  #readNested(bytes: Uint8Array): JsonValue {
    if (!hasPrefix(bytes)) return parseJson(bytes);
    if (this.#nesting === nestingMax) throw new DecodeError('exceeded max depth');
    this.#nesting += 1;
    try {
      const envelope = readEnvelope(bytes);
      return this.#readObject(kindOf(envelope, { group: '', version: '', kind: '' }), envelope.raw);
    } finally {
      this.#nesting -= 1;
    }
  }
}

function hasPrefix(bytes: Uint8Array): boolean {
  return prefix.every((byte, at) => bytes[at] === byte);
}

function readEnvelope(bytes: Uint8Array): Envelope {
  if (bytes.length === 0) throw new DecodeError('empty data');
  if (!hasPrefix(bytes)) {
    throw new DecodeError(
      `provided data does not appear to be a protobuf message, expected prefix [${prefix.join(' ')}]`,
    );
  }
  if (bytes.length === prefix.length) throw new DecodeError('empty body');
  const envelope: Envelope = { apiVersion: '', kind: '', raw: emptyBytes };
  const reader = new Reader(bytes.subarray(prefix.length));
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === tagOf(1, delimited)) readTypeMeta(reader, envelope);
    else if (tag === tagOf(2, delimited)) envelope.raw = reader.bytes();
    else reader.skip(tag, false);
  }
  return envelope;
}

function readTypeMeta(reader: Reader, envelope: Envelope): void {
  readSmallMessage(reader, (number, wireType) => {
    if (wireType !== delimited || number > 2) return false;
    if (number === 1) envelope.apiVersion = reader.string();
    else envelope.kind = reader.string();
    return true;
  });
}

function kindOf(envelope: Envelope, of: GroupVersionKind): GroupVersionKind {
  const kind = envelope.kind === '' ? of.kind : envelope.kind;
  const { group, version } = groupVersionOf(envelope.apiVersion);
  return version === '' ? { ...of, kind } : { group, version, kind };
}

function kindOfObject({ apiVersion, kind }: JsonObject): GroupVersionKind {
  const { group, version } = groupVersionOf(typeof apiVersion === 'string' ? apiVersion : '');
  return { group, version, kind: typeof kind === 'string' ? kind : '' };
}

function groupVersionOf(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf('/');
  return { group: apiVersion.slice(0, Math.max(0, slash)), version: apiVersion.slice(slash + 1) };
}

/** Undefined when the kind has none: it is no kind of the API, or one of those that are only ever JSON, as Table. */
function messageNameOf(kind: GroupVersionKind): string | undefined {
  const definition = definitionOf(kind);
  const isMeta = kind.group === 'meta.k8s.io' || (kind.group === '' && kind.version === 'v1');
  const names = [
    ...(definition === undefined ? [] : [messageOfDefinition(definition)]),
    ...(isMeta ? [`${metaPackage}.${kind.version}.${kind.kind}`] : []),
    ...(isMeta ? [`${metaPackage}.v1.${kind.kind}`] : []),
  ];
  return names.find(isMessage);
}

/** The text of Go's decoder for bytes that are no message; what is no such error goes on. */
function textOf(error: unknown): string {
  if (error instanceof DecodeError) return error.message;
  if (!(error instanceof WireError)) throw error;
  if (error.code === 'truncated') return 'unexpected EOF';
  if (error.code === 'varint-overflow') return 'proto: integer overflow';
  const [, wireType] = /wire type (\d)/.exec(error.message) ?? [];
  if (wireType !== undefined) return `proto: illegal wireType ${wireType}`;
  return error.message.replace(/^cannot decode protobuf: /, 'proto: ');
}
