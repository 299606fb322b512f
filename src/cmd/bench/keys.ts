import { assert } from '../../base/assert.js';
import type { Prng } from '../../base/prng.js';

const digitZero = 0x30;

/** What the keys of a size start with. Those of another size start otherwise: keys that are there can be counted. */
function prefixOf(sizeBytes: number): string {
  return `b${sizeBytes}/`;
}

/** The shortest keys that tell `keySpace` of them apart. */
export function keySizeMin(keySpace: number): number {
  let size = 1;
  while (prefixOf(size).length + digitsOf(keySpace) > size) size++;
  return size;
}

/** Digits of the largest number of a key space. */
export function digitsOf(keySpace: number): number {
  return String(keySpace - 1).length;
}

/** The key with this number: the prefix and the number in decimal, padded with zeros to the size. */
export function keyOf(number: number, sizeBytes: number): Uint8Array {
  const prefix = prefixOf(sizeBytes);
  const digits = String(number).padStart(sizeBytes - prefix.length, '0');
  const key = Buffer.from(`${prefix}${digits}`, 'latin1');
  assert(key.length === sizeBytes, `key ${number} does not fit into ${sizeBytes} bytes`);
  return new Uint8Array(key);
}

/** Writes a key's number over that of another, of which no more than the last `digits` before `end` count: no memory is made. */
export function writeKeyNumber(
  bytes: Uint8Array,
  end: number,
  { number, digits }: { readonly number: number; readonly digits: number },
): void {
  let rest = number;
  for (let pos = end - 1; pos >= end - digits; pos--) {
    const next = Math.floor(rest / 10);
    bytes[pos] = digitZero + rest - next * 10;
    rest = next;
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
