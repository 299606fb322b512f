import { Readable } from 'node:stream';

/** What one stream of several on a connection brings. Who feeds it waits for room, and so holds the other side back. */
export class FedStream extends Readable {
  #onRoom: (() => void) | null = null;

  /** `bytesMax` is how much may wait for a reader. */
  constructor(bytesMax: number) {
    super({ highWaterMark: bytesMax });
    // Whoever let go of it is told of nothing any more.
    this.on('error', () => {});
  }

  /** Resolves when there is room for more, or nobody reads any more. */
  feed(chunk: Uint8Array): Promise<void> | undefined {
    if (this.destroyed || this.readableEnded || chunk.length === 0) return undefined;
    if (this.push(chunk)) return undefined;
    return new Promise((resolve) => {
      this.#onRoom = resolve;
    });
  }

  /** There is no more. */
  finish(): void {
    if (!this.destroyed) this.push(null);
  }

  override _read(): void {
    this.#wake();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#wake();
    done(error);
  }

  #wake(): void {
    const onRoom = this.#onRoom;
    this.#onRoom = null;
    onRoom?.();
  }
}
