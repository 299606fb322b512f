import { Duplex } from 'node:stream';
import type { Prng } from '../../src/base/prng.js';

/** The transport of a connection whose other end is a test: it pushes input, and counts what is sent. */
export class Wire extends Duplex {
  sentBytes = 0;
  override _read(): void {
    // Input is pushed.
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.sentBytes += chunk.length;
    done();
  }
  override _final(done: () => void): void {
    done();
    this.destroy();
  }

  /** Still takes input. */
  get isAlive(): boolean {
    return !this.destroyed && !this.writableEnded;
  }
}

/** Overwrites some octets from `start` on, with the given probability. */
export function corrupt(input: Buffer, start: number, probability: number, prng: Prng): void {
  if (!prng.chance(probability) || start >= input.length) return;
  for (let i = prng.int(1, 6); i > 0; i--) input[prng.int(start, input.length)] = prng.int(0, 256);
}

/** Cuts the input into chunks, small or large. */
export function cut(input: Buffer, prng: Prng): Buffer[] {
  const chunks: Buffer[] = [];
  for (let pos = 0; pos < input.length; ) {
    const end = Math.min(input.length, pos + prng.int(1, prng.chance(0.5) ? 2000 : 20));
    chunks.push(Buffer.from(input.subarray(pos, end)));
    pos = end;
  }
  return chunks;
}
