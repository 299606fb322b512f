import type { Writer } from '../../../wire/writer.js';
import type { JsonObject } from '../../machinery/json.js';
import type { GroupVersionKind } from '../../machinery/object.js';
import { writeEnvelopeEnd, writeEnvelopeStart } from './envelope-writer.js';
import type { MessageCodec } from './message-codec.js';

/** Encodes a list some items at a time: its length is in front of it, so it is complete when the lengths of all its items are known. */
export class ListWriter {
  readonly #writer: Writer;
  readonly #kind: GroupVersionKind;
  readonly #message: MessageCodec;
  readonly #list: JsonObject;

  /** `list` is the list without its items. The writer may be used by others between calls. */
  constructor(
    list: JsonObject,
    parts: {
      readonly writer: Writer;
      readonly kind: GroupVersionKind;
      readonly message: MessageCodec;
    },
  ) {
    this.#writer = parts.writer;
    this.#kind = parts.kind;
    this.#message = parts.message;
    this.#list = list;
  }

  /** The bytes of some items. Throws UnencodableError. */
  write(items: readonly JsonObject[]): Uint8Array {
    return this.#encode({ items: [...items] });
  }

  /** What comes before and after the bytes of all items, which are so many. */
  around(itemsSize: number): { readonly head: Uint8Array; readonly tail: Uint8Array } {
    const own = this.#encode(this.#list);
    this.#writer.reset();
    writeEnvelopeStart(this.#writer, this.#kind, own.length + itemsSize);
    const start = this.#writer.finish();
    writeEnvelopeEnd(this.#writer);
    return { head: Buffer.concat([start, own]), tail: this.#writer.finish() };
  }

  #encode(fields: JsonObject): Uint8Array {
    this.#writer.reset();
    this.#message.writeFields(this.#writer, fields);
    return this.#writer.finish();
  }
}
