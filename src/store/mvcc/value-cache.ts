/** Revisions with a larger sub are not cached: both numbers share one number as the key. */
const subMax = 1024;
const mainMax = 2 ** 42;
/** What a cached record costs beside its bytes. */
const overheadBytes = 200;

/**
 * Records that were read from the database, within a byte budget, the least recently used given up first. It is for what
 * is read again and again although it was written long ago; what was written lately is in the revision tail.
 */
export class ValueCache {
  readonly #bytesMax: number;
  readonly #records = new Map<number, Uint8Array>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get(main: number, sub: number): Uint8Array | undefined {
    if (this.#records.size === 0) return undefined;
    const key = keyOf(main, sub);
    const record = this.#records.get(key);
    if (record === undefined) return undefined;
    this.#records.delete(key);
    this.#records.set(key, record);
    return record;
  }

  set(main: number, sub: number, record: Uint8Array): void {
    const cost = record.length + overheadBytes;
    if (sub >= subMax || main >= mainMax || cost > this.#bytesMax / 4) return;
    const key = keyOf(main, sub);
    if (this.#records.has(key)) return;
    this.#records.set(key, record);
    this.#bytes += cost;
    while (this.#bytes > this.#bytesMax) {
      const [oldest, dropped] = this.#records.entries().next().value as [number, Uint8Array];
      this.#records.delete(oldest);
      this.#bytes -= dropped.length + overheadBytes;
    }
  }
}

function keyOf(main: number, sub: number): number {
  return sub < subMax ? main * subMax + sub : -1;
}
