import type { Reader } from '../../../wire/reader.js';
import type { Writer } from '../../../wire/writer.js';

/** A message of a few scalar fields that stands for one value, read field by field. */
export function readSmallMessage(
  reader: Reader,
  onField: (number: number, wireType: number, reader: Reader) => boolean,
): void {
  const outerEnd = reader.enter();
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (!onField(tag >>> 3, tag & 7, reader)) reader.skip(tag, false);
  }
  reader.leave(outerEnd);
}

/** Writes a nested message with its length; what it holds is written by `writeFields`, the last field first. */
export function writeSmallMessage(writer: Writer, writeFields: (writer: Writer) => void): void {
  const sizeBefore = writer.size;
  writeFields(writer);
  writer.length(sizeBefore);
}

/** The tag of a field. */
export function tagOf(number: number, wireType: number): number {
  return number * 8 + wireType;
}
