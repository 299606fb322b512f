import { viewOf } from '../../base/bytes.js';
import type { DiskFile } from '../../base/disk.js';
import { decodeFrameHead, type Frame, frameHeadBytes, frameMagic, frameVerifies } from './frame.js';

const windowBytes = 1 << 20;

/** Reads a segment's frames through a window of the file. Frames are slices of the window, which is never reused. */
export class FrameReader {
  readonly #file: DiskFile;
  readonly #size: number;
  readonly #seed: number;
  #window: Uint8Array = new Uint8Array(0);
  #windowStart = 0;

  constructor(file: DiskFile, { size, seed }: { readonly size: number; readonly seed: number }) {
    this.#file = file;
    this.#size = size;
    this.#seed = seed;
  }

  /** The frame at `offset`, or null when what is there is no whole frame. */
  async frameAt(offset: number): Promise<Frame | null> {
    const headBytes = await this.#bytesAt(offset, frameHeadBytes);
    const head = decodeFrameHead(headBytes, { seed: this.#seed, offset });
    if (head === null) return null;
    const end = offset + frameHeadBytes + head.payloadLength;
    if (end > this.#size) return null;
    const bytes = await this.#bytesAt(offset, end - offset);
    if (!frameVerifies(bytes, head, this.#seed)) return null;
    return {
      offset,
      end,
      recordCount: head.recordCount,
      previous: head.previous,
      checksum: head.checksum,
      bytes,
      payload: bytes.subarray(frameHeadBytes),
    };
  }

  /** Offset of the first frame head at or after `from`, whole frame or not; null when there is none. */
  async findHead(from: number): Promise<number | null> {
    for (let at = from; at + frameHeadBytes <= this.#size; ) {
      const window = await this.#bytesAt(at, Math.min(windowBytes, this.#size - at));
      const view = viewOf(window);
      let i = 0;
      for (; i + frameHeadBytes <= window.length; i += 8) {
        if (view.getUint32(i, true) !== frameMagic) continue;
        const head = window.subarray(i, i + frameHeadBytes);
        if (decodeFrameHead(head, { seed: this.#seed, offset: at + i }) !== null) return at + i;
      }
      if (i === 0) break;
      at += i;
    }
    return null;
  }

  /** The first valid frame at or after `from`; null when there is none. */
  async findFrame(from: number): Promise<Frame | null> {
    for (let at = await this.findHead(from); at !== null; at = await this.findHead(at + 8)) {
      const frame = await this.frameAt(at);
      if (frame !== null) return frame;
    }
    return null;
  }

  /** Offset after the last byte that is not zero; `from` when all are zero from there on. */
  async endOfNonZero(from: number): Promise<number> {
    let end = from;
    for (let at = from; at < this.#size; ) {
      const window = await this.#bytesAt(at, Math.min(windowBytes, this.#size - at));
      if (window.length === 0) break;
      let last = window.length;
      while (last > 0 && window[last - 1] === 0) last--;
      if (last > 0) end = at + last;
      at += window.length;
    }
    return end;
  }

  async #bytesAt(offset: number, length: number): Promise<Uint8Array> {
    const start = offset - this.#windowStart;
    if (start >= 0 && start + length <= this.#window.length) {
      return this.#window.subarray(start, start + length);
    }
    this.#windowStart = offset;
    this.#window = await this.#file.read(offset, Math.max(length, windowBytes));
    return this.#window.subarray(0, length);
  }
}
