import { Duplex } from 'node:stream';
import { patchAuthority } from './authority-patch.js';

const prefaceBytes = 24;
const frameHeaderBytes = 9;
const headersFrame = 1;
const endHeadersFlag = 0x04;
const paddedFlag = 0x08;
const priorityFlag = 0x20;
/** A client may not send larger frames before we allow it, and we do not; larger ones pass unseen and are refused. */
const frameBytesMax = 16_384;

/** Follows the frames of a client's side of a connection and patches the `:authority` of those that carry headers. */
export class AuthorityPatcher {
  /** Bytes that are of no interest before the next frame header. */
  #skip = prefaceBytes;
  /** The beginning of a frame header, or of a headers frame, that is not complete yet. */
  #held: Buffer = Buffer.alloc(0);

  /** The bytes to pass on for a chunk of input; input may be patched in place. What is held back comes with later ones. */
  push(chunk: Buffer): Buffer {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    let pos = 0;
    for (;;) {
      const skipped = Math.min(this.#skip, bytes.length - pos);
      this.#skip -= skipped;
      pos += skipped;
      const frame = frameAt(bytes, pos);
      if (frame === 'incomplete') break;
      if (frame !== 'other') patchAuthority(frame);
      this.#skip = frameHeaderBytes + bytes.readUIntBE(pos, 3);
    }
    this.#held = bytes.subarray(pos);
    return bytes.subarray(0, pos);
  }
}

/** The header block of the headers frame at `pos`. */
function frameAt(bytes: Buffer, pos: number): Buffer | 'incomplete' | 'other' {
  if (bytes.length - pos < frameHeaderBytes) return 'incomplete';
  const length = bytes.readUIntBE(pos, 3);
  const flags = bytes[pos + 4] ?? 0;
  const isWhole = bytes[pos + 3] === headersFrame && (flags & endHeadersFlag) !== 0;
  if (!isWhole || length > frameBytesMax) return 'other';
  if (bytes.length - pos - frameHeaderBytes < length) return 'incomplete';
  const payload = bytes.subarray(pos + frameHeaderBytes, pos + frameHeaderBytes + length);
  const padded = (flags & paddedFlag) !== 0;
  const start = (padded ? 1 : 0) + ((flags & priorityFlag) !== 0 ? 5 : 0);
  const end = length - (padded ? (payload[0] ?? 0) : 0);
  return end >= start ? payload.subarray(start, end) : 'other';
}

/** A connection whose input runs through an {@link AuthorityPatcher}. It closes and fails with the one inside. */
export class AuthorityFilter extends Duplex {
  readonly #inner: Duplex;
  readonly #patcher = new AuthorityPatcher();
  /** To be called when the connection takes more. */
  #onDrain: ((error?: Error | null) => void) | null = null;

  constructor(inner: Duplex) {
    super();
    this.#inner = inner;
    inner.on('data', (chunk: Buffer) => {
      const bytes = this.#patcher.push(chunk);
      if (bytes.length > 0 && !this.push(bytes)) inner.pause();
    });
    inner.on('end', () => this.push(null));
    inner.on('drain', () => {
      const done = this.#onDrain;
      this.#onDrain = null;
      done?.();
    });
    inner.on('error', () => this.destroy());
    inner.on('close', () => this.destroy());
  }

  override _read(): void {
    this.#inner.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#afterWrite(this.#inner.write(chunk), done);
  }

  override _writev(
    chunks: { readonly chunk: Buffer }[],
    done: (error?: Error | null) => void,
  ): void {
    this.#inner.cork();
    let hasRoom = true;
    for (const { chunk } of chunks) hasRoom = this.#inner.write(chunk);
    this.#inner.uncork();
    this.#afterWrite(hasRoom, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#inner.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#inner.destroy();
    const pending = this.#onDrain;
    this.#onDrain = null;
    pending?.(new Error('the connection is closed'));
    done(error);
  }

  #afterWrite(hasRoom: boolean, done: (error?: Error | null) => void): void {
    if (hasRoom) done();
    else this.#onDrain = done;
  }
}
