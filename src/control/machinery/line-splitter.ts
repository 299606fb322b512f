import { concatBytes } from '../../base/bytes.js';

const lineFeed = 0x0a;

/** A line is longer than its reader takes. */
export class LineTooLongError extends Error {
  override readonly name = 'LineTooLongError';
}

/** Cuts a stream of bytes into lines, whatever pieces it comes in. */
export class LineSplitter {
  readonly #lineBytesMax: number;
  /** The beginning of a line whose end has not come. */
  #parts: Uint8Array[] = [];
  #length = 0;

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax;
  }

  /** All that came so far was whole lines. */
  get isBetweenLines(): boolean {
    return this.#length === 0;
  }

  /** The lines that end in this piece, without their ends; empty ones are left out. Throws {@link LineTooLongError}. */
  push(chunk: Uint8Array): Uint8Array[] {
    const lines: Uint8Array[] = [];
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      this.#add(chunk.subarray(start, end));
      const line = this.finish();
      if (line !== null) lines.push(line);
      start = end + 1;
    }
    this.#add(chunk.subarray(start));
    return lines;
  }

  /** What came after the last end of a line; null when nothing did. */
  finish(): Uint8Array | null {
    const [first] = this.#parts;
    const line = this.#parts.length === 1 ? (first ?? null) : concatBytes(this.#parts);
    const isEmpty = this.#length === 0;
    this.#parts = [];
    this.#length = 0;
    return isEmpty ? null : line;
  }

  #add(part: Uint8Array): void {
    if (part.length === 0) return;
    this.#length += part.length;
    if (this.#length > this.#lineBytesMax) {
      throw new LineTooLongError(`a line of more than ${this.#lineBytesMax} bytes`);
    }
    this.#parts.push(part);
  }
}

/** The lines of a stream of bytes. Throws {@link LineTooLongError}. */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  lineBytesMax: number,
): AsyncGenerator<Uint8Array> {
  const splitter = new LineSplitter(lineBytesMax);
  for await (const chunk of chunks) yield* splitter.push(chunk);
  const last = splitter.finish();
  if (last !== null) yield last;
}
