/** Writes the few ASN.1 types of a certificate in DER (X.690). */

/** Any element from its tag and content. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  return Buffer.concat([Uint8Array.of(tag), length(content.length), content]);
}

export const sequence = (...parts: readonly Uint8Array[]): Uint8Array => der(0x30, ...parts);
export const setOf = (...parts: readonly Uint8Array[]): Uint8Array => der(0x31, ...parts);
export const utf8String = (text: string): Uint8Array => der(0x0c, Buffer.from(text, 'utf8'));
export const octetString = (content: Uint8Array): Uint8Array => der(0x04, content);
export const booleanTrue: Uint8Array = der(0x01, Uint8Array.of(0xff));

/** A positive integer from its bytes, most significant first. */
export function integer(bytes: Uint8Array): Uint8Array {
  const isNegative = ((bytes[0] ?? 0) & 0x80) !== 0;
  return der(0x02, isNegative ? Buffer.concat([Uint8Array.of(0), bytes]) : bytes);
}

/** `unusedBits` of the last byte do not count. */
export function bitString(content: Uint8Array, unusedBits = 0): Uint8Array {
  return der(0x03, Uint8Array.of(unusedBits), content);
}

/** `2.5.29.17` and the like. */
export function oid(text: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const digits = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
      digits.unshift((left & 0x7f) | 0x80);
    }
    bytes.push(...digits);
  }
  return der(0x06, Uint8Array.from(bytes));
}

/** UTC time with seconds; GeneralizedTime from 2050 on, as RFC 5280 section 4.1.2.5 wants it. */
export function time(at: Date): Uint8Array {
  const digits = `${at.toISOString().replace(/[-:T]|\.\d+Z$/g, '')}Z`;
  const isShort = at.getUTCFullYear() < 2050;
  return der(isShort ? 0x17 : 0x18, Buffer.from(isShort ? digits.slice(2) : digits, 'latin1'));
}

function length(size: number): Uint8Array {
  if (size < 0x80) return Uint8Array.of(size);
  const bytes: number[] = [];
  for (let left = size; left > 0; left = Math.floor(left / 256)) bytes.unshift(left % 256);
  return Uint8Array.of(0x80 | bytes.length, ...bytes);
}
