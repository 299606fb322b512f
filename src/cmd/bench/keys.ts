import { assert } from '../../base/assert.js';
import type { Prng } from '../../base/prng.js';

/** What every key starts with. */
export const keyPrefix = 'bench/';
const digitZero = 0x30;

/** The shortest keys that tell `keySpace` of them apart. */
export function keySizeMin(keySpace: number): number {
  return keyPrefix.length + String(keySpace - 1).length;
}

/** The key with this number: the prefix and the number in decimal, padded with zeros to the size. */
export function keyOf(number: number, sizeBytes: number): Uint8Array {
  const digits = String(number).padStart(sizeBytes - keyPrefix.length, '0');
  const key = Buffer.from(`${keyPrefix}${digits}`, 'latin1');
  assert(key.length === sizeBytes, `key ${number} does not fit into ${sizeBytes} bytes`);
  return new Uint8Array(key);
}

/** Writes a key's number over the digits of another that ends before `end`: no memory is made. */
export function writeKeyNumber(bytes: Uint8Array, end: number, number: number): void {
  let pos = end - 1;
  for (let rest = number; rest > 0; pos--) {
    const next = Math.floor(rest / 10);
    bytes[pos] = digitZero + rest - next * 10;
    rest = next;
  }
  // What a longer number left in front; the prefix ends in no digit.
  for (; (bytes[pos] as number) > digitZero && (bytes[pos] as number) <= digitZero + 9; pos--) {
    bytes[pos] = digitZero;
  }
}

/** Chooses key numbers: uniformly at random, or one after the other around the key space. */
export class KeyChooser {
  readonly #keySpace: number;
  readonly #stride: number;
  readonly #prng: Prng | null;
  #next: number;

  /** Without a `prng` keys are sequential, from `offset` on by `stride`. */
  constructor(options: {
    readonly keySpace: number;
    readonly offset: number;
    readonly stride: number;
    readonly prng: Prng | null;
  }) {
    this.#keySpace = options.keySpace;
    this.#next = options.offset;
    this.#stride = options.stride;
    this.#prng = options.prng;
  }

  next(): number {
    if (this.#keySpace === 1) return 0;
    if (this.#prng !== null) return this.#prng.int(0, this.#keySpace);
    const number = this.#next % this.#keySpace;
    this.#next += this.#stride;
    return number;
  }
}
