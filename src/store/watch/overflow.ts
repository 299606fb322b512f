/**
 * Bytes that streams may be sent beyond what their sinks ask for. A deeper queue keeps a client busy that is slower than the
 * events, or that shares its processor; the total bounds the memory, however many streams there are.
 */
export class Overflow {
  readonly #streamBytesMax: number;
  readonly #totalBytesMax: number;
  /** Sum of what all streams have taken and not given back. */
  #totalBytes = 0;

  /** With 0 a stream is sent nothing once its sink is full. */
  constructor(options: { readonly streamBytesMax: number; readonly totalBytesMax: number }) {
    this.#streamBytesMax = options.streamBytesMax;
    this.#totalBytesMax = options.totalBytesMax;
  }

  /** Whether a stream that has taken so many bytes may take more. */
  allows(streamBytes: number): boolean {
    return streamBytes < this.#streamBytesMax && this.#totalBytes < this.#totalBytesMax;
  }

  take(bytes: number): void {
    this.#totalBytes += bytes;
  }

  giveBack(bytes: number): void {
    this.#totalBytes -= bytes;
  }
}
