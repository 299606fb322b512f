import { assert } from '../../../base/assert.js';

/**
 * The length in bits of each octet's code (RFC 7541 appendix B), 16 octets a row. The code is canonical: shorter codes
 * come first, codes of one length in the order of their octets, each one more than the one before. So the lengths are
 * all there is to know.
 */
const lengths: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
  28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5,
  6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6,
  7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23,
  23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22,
  22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22,
  23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27,
  27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25,
  24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
];

/** The symbol that never occurs in a string; its first bits pad the last octet (section 5.2). */
export const eosSymbol = 256;
const codeBitsMax = 30;

/** Bits of each symbol's code, EOS included. */
export const codeBits: Uint8Array = Uint8Array.from([...lengths, codeBitsMax]);

/** Each symbol's code, right-aligned. */
export const codes: Uint32Array = assignCodes();

function assignCodes(): Uint32Array {
  const result = new Uint32Array(codeBits.length);
  let code = 0;
  for (let bits = 1; bits <= codeBitsMax; bits++) {
    for (let symbol = 0; symbol < codeBits.length; symbol++) {
      if (codeBits[symbol] === bits) result[symbol] = code++;
    }
    if (bits < codeBitsMax) code *= 2;
  }
  assert(code === 2 ** codeBitsMax, 'the Huffman code is complete: its last code is all ones');
  return result;
}
