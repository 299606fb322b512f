/**
 * Go's gRPC clients put what they were told to dial into `:authority`; etcdctl 3.4 asks for `endpoint status` with
 * `http://host:port` there. Node's HTTP/2 refuses such a request before anybody can look at it, for RFC 3986 has no
 * slash in an authority; grpc-go accepts it. The value is of no use to anybody, so its offending characters are
 * overwritten in place, in the still compressed header block (RFC 7541), by allowed ones of the same encoded length: no
 * size changes, so both ends' compression tables keep agreeing.
 */

/** Index of `:authority` in HPACK's static table (RFC 7541 appendix A). */
const authorityIndex = 1;

/** What stands in for an offending character: allowed in an authority, and its Huffman code is as long. */
const standIns: ReadonlyMap<string, string> = new Map([
  ['/', '-'],
  [' ', '-'],
  ['"', '!'],
  ['?', '!'],
  ['|', '+'],
]);

/** Overwrites offending characters in every literal `:authority` of a header block. Malformed blocks are left alone. */
export function patchAuthority(block: Uint8Array): void {
  const walk = new BlockWalk(block);
  while (walk.pos < block.length) {
    const value = walk.nextValue();
    if (value === 'malformed') return;
    if (value === null) continue;
    if (value.isHuffman) patchHuffman(block.subarray(value.start, value.end));
    else patchPlain(block.subarray(value.start, value.end));
  }
}

interface ValueBounds {
  readonly start: number;
  readonly end: number;
  readonly isHuffman: boolean;
}

/** Steps over the field representations of a header block (RFC 7541 section 6). */
class BlockWalk {
  readonly #block: Uint8Array;
  pos = 0;

  constructor(block: Uint8Array) {
    this.#block = block;
  }

  /** Where the next field's value is if it is an `:authority` in full, null if it is anything else. */
  nextValue(): ValueBounds | 'malformed' | null {
    const first = this.#block[this.pos] ?? 0;
    if (first >= 0x80) return this.#integer(7) === null ? 'malformed' : null;
    if (first >= 0x20 && first < 0x40) return this.#integer(5) === null ? 'malformed' : null;
    const nameIndex = this.#integer(first >= 0x40 ? 6 : 4);
    if (nameIndex === null) return 'malformed';
    if (nameIndex === 0 && this.#string() === null) return 'malformed';
    const value = this.#string();
    if (value === null) return 'malformed';
    return nameIndex === authorityIndex ? value : null;
  }

  /** An integer with an n-bit prefix (section 5.1); null when it runs over the end or is absurd. */
  #integer(prefixBits: number): number | null {
    const mask = 2 ** prefixBits - 1;
    let value = (this.#block[this.pos++] ?? 0) & mask;
    if (value < mask) return value;
    for (let factor = 1; factor <= 2 ** 21; factor *= 128) {
      const byte = this.#block[this.pos++];
      if (byte === undefined) return null;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    return null;
  }

  /** A string (section 5.2). */
  #string(): ValueBounds | null {
    const isHuffman = ((this.#block[this.pos] ?? 0) & 0x80) !== 0;
    const length = this.#integer(7);
    if (length === null || this.pos + length > this.#block.length) return null;
    const start = this.pos;
    this.pos += length;
    return { start, end: this.pos, isHuffman };
  }
}

function patchPlain(value: Uint8Array): void {
  value.forEach((byte, i) => {
    const standIn = standIns.get(String.fromCharCode(byte));
    if (standIn !== undefined) value[i] = standIn.charCodeAt(0);
  });
}

/** Characters by the length of their Huffman code (RFC 7541 appendix B), up to what an authority may be made of. */
const charsByCodeBits: readonly (readonly [bits: number, chars: string])[] = [
  [5, '012aceiost'],
  [6, ' %-./3456789=A_bdfghlmnpru'],
  [7, ':BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz'],
  [8, '&*,;XZ'],
  [10, '!"()?'],
  [11, "'+|"],
  [12, '#>'],
  [13, '\0$@[]~'],
  [14, '^}'],
  [15, '<`{'],
];
const codeBitsMax = 15;

interface Codes {
  /** By bits * 2^16 + code. */
  readonly charOf: ReadonlyMap<number, string>;
  readonly codeOf: ReadonlyMap<string, number>;
}

/** The code is canonical: within a length in order of the characters, and lengths follow each other. */
function makeCodes(): Codes {
  const charOf = new Map<number, string>();
  const codeOf = new Map<string, number>();
  let code = 0;
  let bitsBefore = 5;
  for (const [bits, chars] of charsByCodeBits) {
    code *= 2 ** (bits - bitsBefore);
    bitsBefore = bits;
    for (const char of chars) {
      charOf.set(bits * 2 ** 16 + code, char);
      codeOf.set(char, code);
      code++;
    }
  }
  return { charOf, codeOf };
}

const codes = makeCodes();

function patchHuffman(value: Uint8Array): void {
  const bitCount = value.length * 8;
  let start = 0;
  let code = 0;
  for (let pos = 0; pos < bitCount; pos++) {
    code = code * 2 + bitAt(value, pos);
    const bits = pos + 1 - start;
    if (bits > codeBitsMax) return;
    const char = codes.charOf.get(bits * 2 ** 16 + code);
    if (char === undefined) continue;
    const standIn = standIns.get(char);
    if (standIn !== undefined) writeCode(value, start, bits, codes.codeOf.get(standIn) ?? code);
    start = pos + 1;
    code = 0;
  }
}

function bitAt(bytes: Uint8Array, pos: number): number {
  return ((bytes[pos >> 3] ?? 0) >> (7 - (pos & 7))) & 1;
}

function writeCode(bytes: Uint8Array, start: number, bits: number, code: number): void {
  for (let i = 0; i < bits; i++) {
    const pos = start + i;
    const mask = 0x80 >> (pos & 7);
    const isSet = ((code >> (bits - 1 - i)) & 1) === 1;
    const byte = bytes[pos >> 3] ?? 0;
    bytes[pos >> 3] = isSet ? byte | mask : byte & ~mask;
  }
}
