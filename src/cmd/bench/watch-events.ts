/**
 * Takes apart just as much of an encoded WatchResponse as a load needs (field numbers of etcdserverpb.WatchResponse,
 * mvccpb.Event and mvccpb.KeyValue): decoding every event of a thousand watchers would cost more than the server spends.
 */

const createdTag = 0x18;
const canceledTag = 0x20;
const eventsTag = 0x5a;
const kvTag = 0x12;
const valueTag = 0x2a;

/** What is in a response besides its header. */
export interface WatchNews {
  /** Told of each event where its value lies; a deletion has none. */
  onEvent(bytes: Uint8Array, start: number, end: number): void;
  onCreated(): void;
  onCanceled(): void;
}

/** Reads an encoded WatchResponse. Throws RangeError for bytes that are none. */
export function readWatchResponse(bytes: Uint8Array, news: WatchNews): void {
  const cursor = { bytes, pos: 0 };
  while (cursor.pos < bytes.length) {
    const tag = varint(cursor);
    if (tag === eventsTag) {
      const end = varint(cursor) + cursor.pos;
      readEvent(cursor, end, news);
      cursor.pos = end;
    } else if (tag === createdTag || tag === canceledTag) {
      const isSet = varint(cursor) !== 0;
      if (isSet && tag === createdTag) news.onCreated();
      else if (isSet) news.onCanceled();
    } else {
      skip(cursor, tag);
    }
  }
}

function readEvent(cursor: Cursor, end: number, news: WatchNews): void {
  if (!seek(cursor, end, kvTag)) {
    news.onEvent(cursor.bytes, end, end);
    return;
  }
  const kvEnd = varint(cursor) + cursor.pos;
  if (!seek(cursor, kvEnd, valueTag)) {
    news.onEvent(cursor.bytes, kvEnd, kvEnd);
    return;
  }
  const size = varint(cursor);
  news.onEvent(cursor.bytes, cursor.pos, cursor.pos + size);
}

interface Cursor {
  readonly bytes: Uint8Array;
  pos: number;
}

/** Goes behind the tag; false at the end of the message. */
function seek(cursor: Cursor, end: number, wanted: number): boolean {
  while (cursor.pos < end) {
    const tag = varint(cursor);
    if (tag === wanted) return true;
    skip(cursor, tag);
  }
  return false;
}

const wireVarint = 0;
const wireFixed64 = 1;
const wireBytes = 2;
const wireFixed32 = 5;

function skip(cursor: Cursor, tag: number): void {
  const wireType = tag & 7;
  if (wireType === wireVarint) varint(cursor);
  else if (wireType === wireFixed64) cursor.pos += 8;
  else if (wireType === wireBytes) cursor.pos = varint(cursor) + cursor.pos;
  else if (wireType === wireFixed32) cursor.pos += 4;
  else throw new RangeError(`wire type ${wireType} in a watch response`);
}

/** A varint; beyond 2^53 its lower digits are lost, which nobody here needs. */
function varint(cursor: Cursor): number {
  let value = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = cursor.bytes[cursor.pos++];
    if (byte === undefined) throw new RangeError('a watch response is cut off');
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
  }
}
