import { Duplex } from 'node:stream';
import type { Prng } from '../../src/base/prng.js';
import { turn } from './campaign.js';

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

  /** Pushes the chunks, a turn for each or all in one, for as long as input is taken; then waits until all is answered. */
  async feed(chunks: readonly Buffer[], isTurnEach: boolean): Promise<void> {
    for (const chunk of chunks) {
      if (!this.destroyed && !this.writableEnded) this.push(chunk);
      if (isTurnEach) await turn();
    }
    await turn();
    await turn();
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
