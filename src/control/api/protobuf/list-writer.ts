import { assert } from '../../../base/assert.js';
import type { Writer } from '../../../wire/writer.js';
import type { JsonObject } from '../../machinery/json.js';
import type { GroupVersionKind } from '../../machinery/object.js';
import { writeEnvelopeEnd, writeEnvelopeStart } from './envelope-writer.js';
import type { MessageCodec } from './message-codec.js';

/** Writes a list some items at a time: its length is in front of it, so the parts are complete when {@link finish} returns. */
export class ListWriter {
  readonly #writer: Writer;
  readonly #kind: GroupVersionKind;
  readonly #message: MessageCodec;
  readonly #parts: Uint8Array[] = [];
  #size = 0;
  #isFinished = false;

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
    this.#add(list);
  }

  /** Writes these items after those before. Throws UnencodableError. */
  add(items: readonly JsonObject[]): void {
    this.#add({ items: [...items] });
  }

  /** The bytes of the whole list, in order. */
  finish(): readonly Uint8Array[] {
    assert(!this.#isFinished);
    this.#isFinished = true;
    this.#writer.reset();
    writeEnvelopeStart(this.#writer, this.#kind, this.#size);
    const start = this.#writer.finish();
    writeEnvelopeEnd(this.#writer);
    return [start, ...this.#parts, this.#writer.finish()];
  }

  #add(fields: JsonObject): void {
    assert(!this.#isFinished);
    this.#writer.reset();
    this.#message.writeFields(this.#writer, fields);
    const part = this.#writer.finish();
    this.#parts.push(part);
    this.#size += part.length;
  }
}
