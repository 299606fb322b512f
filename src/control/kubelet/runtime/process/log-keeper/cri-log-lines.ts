import { formatMicroTime } from '../../../../machinery/time.js';

/** A longer line is written in parts. */
const lineBytesMax = 16 * 1024;

const newline = 0x0a;

/** The stream that a container wrote to. */
export type LogStream = 'stdout' | 'stderr';

/**
 * Turns what a container writes to one stream into lines of CRI's log format: the time, the stream, `F` for a whole line or
 * `P` for a part of one, and the text. What has no end yet is kept until it has, or until {@link flush}.
 */
export class CriLogLines {
  readonly #stream: LogStream;
  /** What came after the last newline. Invariant: shorter than lineBytesMax. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: LogStream) {
    this.#stream = stream;
  }

  /** The lines that `chunk` completes; `atMs` is since the epoch. */
  add(chunk: Uint8Array, atMs: number): Buffer {
    const head = Buffer.from(`${timestamp(atMs)} ${this.#stream} `);
    const parts: Uint8Array[] = [];
    let bytes = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const end = bytes.indexOf(newline);
      if (end >= 0 && end <= lineBytesMax) {
        parts.push(head, fullTag, bytes.subarray(0, end + 1));
        bytes = bytes.subarray(end + 1);
      } else if (bytes.length >= lineBytesMax) {
        parts.push(head, partTag, bytes.subarray(0, lineBytesMax), lineEnd);
        bytes = bytes.subarray(lineBytesMax);
      } else break;
    }
    this.#rest = Buffer.from(bytes);
    return Buffer.concat(parts);
  }

  /** What is left, as a part of a line whose end never came; empty when nothing is. */
  flush(atMs: number): Buffer {
    if (this.#rest.length === 0) return this.#rest;
    const line = [Buffer.from(`${timestamp(atMs)} ${this.#stream} P `), this.#rest, lineEnd];
    this.#rest = Buffer.alloc(0);
    return Buffer.concat(line);
  }
}

const fullTag = Buffer.from('F ');
const partTag = Buffer.from('P ');
const lineEnd = Buffer.from('\n');

/** RFC 3339 with nine digits, as readers of these logs expect them. */
function timestamp(atMs: number): string {
  return formatMicroTime(atMs).replace('Z', '000Z');
}
