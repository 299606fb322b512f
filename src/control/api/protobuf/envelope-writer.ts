import type { Writer } from '../../../wire/writer.js';
import { apiVersionOf, type GroupVersionKind } from '../../machinery/object.js';
import { tagOf, writeSmallMessage } from './small-message.js';
import { wireTypes } from './value-codec.js';

/** What every object in protobuf starts with: `k8s` and a zero byte. */
export const prefix: Uint8Array = new Uint8Array([0x6b, 0x38, 0x73, 0x00]);

const { delimited } = wireTypes;

/** What follows an object's message in its envelope (runtime.Unknown): contentEncoding and contentType, which are empty. */
export function writeEnvelopeEnd(writer: Writer): void {
  for (const number of [4, 3]) {
    writer.string('');
    writer.tag(tagOf(number, delimited));
  }
}

/** What comes before an object's message: the prefix, its kind, and the message's length. */
export function writeEnvelopeStart(
  writer: Writer,
  kind: GroupVersionKind,
  messageBytes: number,
): void {
  writer.uint32(messageBytes);
  writer.tag(tagOf(2, delimited));
  writeSmallMessage(writer, () => {
    writer.string(kind.kind);
    writer.tag(tagOf(2, delimited));
    writer.string(apiVersionOf(kind));
    writer.tag(tagOf(1, delimited));
  });
  writer.tag(tagOf(1, delimited));
  writer.raw(prefix);
}
