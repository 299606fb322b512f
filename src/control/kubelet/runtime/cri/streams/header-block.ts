import { headerDictionaryId } from '../../../streaming/spdy/dictionary.js';

/**
 * Headers as SPDY/3.1 puts them into frames (section 2.6.10): names and values behind their lengths, as a part of one compressed stream
 * per direction. They are few and short, so they are stored in it as they are, which needs no state; the first block of a connection
 * begins the stream, with zlib's head that names the dictionary (RFC 1950 section 2.2).
 */
export function headerBlock(headers: Readonly<Record<string, string>>, isFirst: boolean): Buffer {
  const entries = Object.entries(headers);
  const texts = entries.flatMap(([name, value]) => [
    lengthAhead(name.toLowerCase()),
    lengthAhead(value),
  ]);
  const head = isFirst
    ? Buffer.concat([Buffer.from([0x78, 0x20]), word(headerDictionaryId)])
    : none;
  // An empty block after them has the reader take in all before it, as a flush does.
  return Buffer.concat([
    head,
    stored(Buffer.concat([word(entries.length), ...texts])),
    stored(none),
  ]);
}

const none = Buffer.alloc(0);

function lengthAhead(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([word(bytes.length), bytes]);
}

/** A block that is not compressed and not the last (RFC 1951 section 3.2.4). */
function stored(bytes: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt16LE(bytes.length, 1);
  head.writeUInt16LE(bytes.length ^ 0xffff, 3);
  return Buffer.concat([head, bytes]);
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
