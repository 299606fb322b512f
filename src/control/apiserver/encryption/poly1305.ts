import { assert } from '../../../base/assert.js';

const prime = (1n << 130n) - 5n;
const clamp = 0x0ffffffc0ffffffc0ffffffc0fffffffn;

/** The Poly1305 tag of a message: 16 bytes (RFC 8439 section 2.5). The key of 32 bytes is for this one message. */
export function poly1305(message: Uint8Array, key: Uint8Array): Uint8Array {
  assert(key.length === 32, 'Poly1305 keys have 32 bytes');
  const r = littleEndian(key.subarray(0, 16)) & clamp;
  const s = littleEndian(key.subarray(16));
  let sum = 0n;
  for (let at = 0; at < message.length; at += 16) {
    const block = message.subarray(at, at + 16);
    sum = ((sum + littleEndian(block) + (1n << BigInt(block.length * 8))) * r) % prime;
  }
  const tag = new Uint8Array(16);
  let value = sum + s;
  for (let i = 0; i < 16; i++) {
    tag[i] = Number(value & 0xffn);
    value >>= 8n;
  }
  return tag;
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
  return value;
}
