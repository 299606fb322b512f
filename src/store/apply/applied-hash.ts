/**
 * The running hash of the applied state: 64 bits that depend on every entry applied and on everything it wrote, in order.
 * Members at an equal applied index have equal hashes, or one of them is broken. It is fast, not cryptographic: two 32-bit
 * lanes with the mixing steps of MurmurHash3.
 */
export class AppliedHash {
  #a: number;
  #b: number;

  /** Goes on from a stored value. */
  constructor(value: bigint) {
    this.#a = Number(BigInt.asIntN(32, value >> 32n));
    this.#b = Number(BigInt.asIntN(32, value));
  }

  /** The hash now. */
  get value(): bigint {
    return (BigInt.asUintN(32, BigInt(this.#a)) << 32n) | BigInt.asUintN(32, BigInt(this.#b));
  }

  /** Takes in a non-negative integer. */
  addNumber(value: number): void {
    this.#addWord(value % 0x1_0000_0000);
    this.#addWord(Math.floor(value / 0x1_0000_0000));
  }

  /** Takes in bytes and their length. */
  addBytes(bytes: Uint8Array): void {
    const { length } = bytes;
    this.#addWord(length);
    const whole = length - (length % 4);
    for (let i = 0; i < whole; i += 4) {
      this.#addWord(
        (bytes[i] as number) |
          ((bytes[i + 1] as number) << 8) |
          ((bytes[i + 2] as number) << 16) |
          ((bytes[i + 3] as number) << 24),
      );
    }
    if (whole === length) return;
    let rest = 0;
    for (let i = length - 1; i >= whole; i--) rest = (rest << 8) | (bytes[i] as number);
    this.#addWord(rest);
  }

  #addWord(word: number): void {
    let k = Math.imul(word, 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    k = Math.imul(k, 0x1b873593);
    const a = this.#a ^ k;
    this.#a = (Math.imul((a << 13) | (a >>> 19), 5) + 0xe6546b64) | 0;
    k = Math.imul(word ^ this.#a, 0x85ebca6b);
    const b = this.#b ^ ((k << 16) | (k >>> 16));
    this.#b = (Math.imul((b << 17) | (b >>> 15), 5) + 0x561ccd1b) | 0;
  }
}
