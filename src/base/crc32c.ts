/**
 * CRC-32C (Castagnoli polynomial 0x1EDC6F41, reflected; RFC 3720 appendix B.4), eight bytes a step with slicing tables
 * (Kounavis and Berry, 2005).
 */

const reflectedPolynomial = 0x82f63b78;

/** Table k, at 256 * k, advances a byte through k further zero bytes. */
const tables = makeTables();

/**
 * The checksum of `bytes`, or of everything before and `bytes` when `previous` is the checksum of what came before:
 * `crc32c(b, crc32c(a))` is the checksum of a followed by b. The result is in 0 to 2^32-1.
 */
export function crc32c(bytes: Uint8Array, previous = 0): number {
  let crc = ~previous;
  let i = 0;
  for (const end = bytes.length - 7; i < end; i += 8) crc = advanceEight(crc, bytes, i);
  for (; i < bytes.length; i++) {
    crc = (tables[(crc ^ (bytes[i] as number)) & 0xff] as number) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}

function advanceEight(crc: number, bytes: Uint8Array, i: number): number {
  const low =
    crc ^
    ((bytes[i] as number) |
      ((bytes[i + 1] as number) << 8) |
      ((bytes[i + 2] as number) << 16) |
      ((bytes[i + 3] as number) << 24));
  return (
    (tables[0x700 | (low & 0xff)] as number) ^
    (tables[0x600 | ((low >>> 8) & 0xff)] as number) ^
    (tables[0x500 | ((low >>> 16) & 0xff)] as number) ^
    (tables[0x400 | (low >>> 24)] as number) ^
    (tables[0x300 | (bytes[i + 4] as number)] as number) ^
    (tables[0x200 | (bytes[i + 5] as number)] as number) ^
    (tables[0x100 | (bytes[i + 6] as number)] as number) ^
    (tables[bytes[i + 7] as number] as number)
  );
}

function makeTables(): Int32Array {
  const made = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? reflectedPolynomial : 0);
    made[byte] = crc;
  }
  for (let i = 256; i < made.length; i++) {
    const crc = made[i - 256] as number;
    made[i] = (made[crc & 0xff] as number) ^ (crc >>> 8);
  }
  return made;
}
