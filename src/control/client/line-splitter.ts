import { concatBytes } from '../../base/bytes.js';

const lineFeed = 0x0a;

/** A line of a stream is longer than its reader takes. */
export class LineTooLongError extends Error {
  override readonly name = 'LineTooLongError';
}

/** The lines of a stream of bytes, without their ends; empty ones are left out. Throws {@link LineTooLongError}. */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  lineBytesMax: number,
): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(lineFeed, start);
      const part = chunk.subarray(start, end < 0 ? chunk.length : end);
      length += part.length;
      if (length > lineBytesMax)
        throw new LineTooLongError(`a line of more than ${lineBytesMax} bytes`);
      parts.push(part);
      if (end < 0) break;
      if (length > 0) yield parts.length === 1 ? part : concatBytes(parts);
      parts = [];
      length = 0;
      start = end + 1;
    }
  }
  if (length > 0) yield concatBytes(parts);
}
