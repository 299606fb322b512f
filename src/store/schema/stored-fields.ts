/**
 * What loading wants of a record's KeyValue, read without making an object of it or looking at the value. One reader is
 * used again and again.
 */
export class StoredFields {
  keyFrom = 0;
  keyTo = 0;
  createRevision = 0;
  modRevision = 0;
  version = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;

  /**
   * Reads the KeyValue in `bytes` from `from` to before `to`. False when it is not as records are written nearly always: the
   * fields in order, each at most once, and no lease. The generated codec is to read it then, and to say whether it is damaged.
   * The key is found in any case, if it is the first field; else it is empty.
   */
  read(bytes: Uint8Array, from: number, to: number): boolean {
    this.#bytes = bytes;
    this.#at = from;
    this.keyFrom = from;
    this.keyTo = from;
    if (bytes[from] !== 10) return false;
    this.#at++;
    const keyBytes = this.#varint();
    this.keyFrom = this.#at;
    this.keyTo = this.#at + keyBytes;
    this.#at = this.keyTo;
    this.createRevision = this.#field(16);
    this.modRevision = this.#field(24);
    this.version = this.#field(32);
    if (this.#at < to && bytes[this.#at] === 42) {
      this.#at++;
      const valueBytes = this.#varint();
      this.#at += valueBytes;
    }
    return this.#at === to;
  }

  #field(tag: number): number {
    if (this.#bytes[this.#at] !== tag) return 0;
    this.#at++;
    return this.#varint();
  }

  /** Whatever is no number of ours makes the end come out elsewhere, or a revision that is refused. */
  #varint(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 49; factor *= 128) {
      const byte = this.#bytes[this.#at++] ?? 0;
      if (byte < 128) return value + byte * factor;
      value += (byte - 128) * factor;
    }
    this.#at = Number.POSITIVE_INFINITY;
    return value;
  }
}
