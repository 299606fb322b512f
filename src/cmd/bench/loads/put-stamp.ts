/** Bytes of a stamp, and so of the smallest value that can carry one. */
export const stampBytes = 12;

/**
 * When a put was to start and who made it, at the beginning of its value. Times are of the machine's monotonic clock, which
 * all processes share, so that one can tell how old another's put is.
 */
export class PutStamp {
  readonly #owner: number;
  /** What this process' performance.now() is behind the machine's clock. */
  readonly #offsetMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();
  readonly #double = new Float64Array(1);
  readonly #doubleBytes = new Uint8Array(this.#double.buffer);

  /** `owner` is a number of 32 bits that other processes do not have. */
  constructor(owner: number) {
    this.#owner = owner;
  }

  write(bytes: Uint8Array, at: number, startMs: number): void {
    this.#double[0] = startMs + this.#offsetMs;
    for (let i = 0; i < 8; i++) bytes[at + i] = this.#doubleBytes[i] as number;
    for (let i = 0; i < 4; i++) bytes[at + 8 + i] = (this.#owner >>> (8 * i)) & 0xff;
  }

  /** When the put was to start, by this process' performance.now(). */
  readMs(bytes: Uint8Array, at: number): number {
    for (let i = 0; i < 8; i++) this.#doubleBytes[i] = bytes[at + i] as number;
    return (this.#double[0] as number) - this.#offsetMs;
  }

  isOwn(bytes: Uint8Array, at: number): boolean {
    for (let i = 0; i < 4; i++) {
      if (bytes[at + 8 + i] !== ((this.#owner >>> (8 * i)) & 0xff)) return false;
    }
    return true;
  }
}
