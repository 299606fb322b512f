import { crc32 } from '../../host/crc32.js';

/**
 * The running hash of the applied state: 64 bits that depend on every entry applied and on everything it wrote, in order.
 * Members at an equal applied index have equal hashes, or one of them is broken. It is fast, not cryptographic: the upper
 * half is the CRC-32 of all revision records, which are most of the bytes; the lower one takes in all else with the mixing
 * steps of MurmurHash3. Neither depends on how much is taken in at once.
 */
export class AppliedHash {
  /** CRC-32 of the revision records so far. */
  #records: number;
  #rest: number;

  /** Goes on from a stored value. */
  constructor(value: bigint) {
    this.#records = Number(value >> 32n);
    this.#rest = Number(BigInt.asIntN(32, value));
  }

  /** The hash now. */
  get value(): bigint {
    return (BigInt(this.#records) << 32n) | BigInt.asUintN(32, BigInt(this.#rest));
  }

  /** Takes in revision records, back to back. */
  addRecords(records: Uint8Array): void {
    this.#records = crc32(records, this.#records);
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
    const mixed = this.#rest ^ Math.imul(k, 0x1b873593);
    this.#rest = (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
  }
}
