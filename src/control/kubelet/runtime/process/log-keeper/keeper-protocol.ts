/** What the runtime asks of the log keeper, one line of JSON per connection. */
export type KeeperRequest =
  /** Read a container's outputs into its log, before it starts. */
  | { readonly op: 'watch'; readonly id: string }
  /** Go on in a new file of the same name. */
  | { readonly op: 'reopen'; readonly id: string }
  /** After the answer come frames of what it writes from now on, until it ends. */
  | { readonly op: 'attach'; readonly id: string }
  /** The connection stays, so that either side sees when the other is gone. */
  | { readonly op: 'hold' };

/** The answer, one line of JSON. */
export interface KeeperAnswer {
  /** Empty: done. */
  readonly error: string;
}

/** A frame: the stream's number (1 stdout, 2 stderr), four bytes of length, the bytes. */
export function encodeFrame(stream: 1 | 2, bytes: Uint8Array): Buffer {
  const frame = Buffer.alloc(5 + bytes.length);
  frame.writeUInt8(stream, 0);
  frame.writeUInt32BE(bytes.length, 1);
  frame.set(bytes, 5);
  return frame;
}

/** Cuts a byte stream into frames. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The frames that `chunk` completes. */
  add(chunk: Uint8Array): { readonly stream: number; readonly bytes: Buffer }[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const frames: { stream: number; bytes: Buffer }[] = [];
    while (this.#rest.length >= 5) {
      const size = this.#rest.readUInt32BE(1);
      if (this.#rest.length < 5 + size) break;
      frames.push({ stream: this.#rest.readUInt8(0), bytes: this.#rest.subarray(5, 5 + size) });
      this.#rest = this.#rest.subarray(5 + size);
    }
    return frames;
  }
}

/** Splits off the first line of a byte stream, which is an answer or a request. */
export function firstLine(bytes: Buffer): { line: string; rest: Buffer } | null {
  const end = bytes.indexOf(0x0a);
  return end < 0
    ? null
    : { line: bytes.subarray(0, end).toString('utf8'), rest: bytes.subarray(end + 1) };
}
