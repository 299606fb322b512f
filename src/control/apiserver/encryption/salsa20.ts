import { assert } from '../../../base/assert.js';

/** Words of the constant "expand 32-byte k", little-endian. */
const sigma = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574] as const;

/** Where the four quarters of a column round and of a row round are (Bernstein, "The Salsa20 family of stream ciphers"). */
const quarters = [
  [0, 4, 8, 12],
  [5, 9, 13, 1],
  [10, 14, 2, 6],
  [15, 3, 7, 11],
  [0, 1, 2, 3],
  [5, 6, 7, 4],
  [10, 11, 8, 9],
  [15, 12, 13, 14],
] as const;

/** Encrypts or decrypts `data` in place with XSalsa20: a key of 32 bytes and a nonce of 24 that is never used twice with it. */
export function xsalsa20(data: Uint8Array, key: Uint8Array, nonce: Uint8Array): void {
  assert(key.length === 32, 'XSalsa20 keys have 32 bytes');
  assert(nonce.length === 24, 'XSalsa20 nonces have 24 bytes');
  const subkey = hsalsa20(key, nonce.subarray(0, 16));
  const state = stateOf(subkey, nonce.subarray(16));
  const block = new Uint32Array(16);
  const stream = new Uint8Array(64);
  const view = new DataView(stream.buffer);
  for (let start = 0, counter = 0; start < data.length; start += 64, counter++) {
    state[8] = counter >>> 0;
    state[9] = Math.floor(counter / 0x1_0000_0000);
    block.set(state);
    doubleRounds(block);
    for (let i = 0; i < 16; i++)
      view.setUint32(i * 4, ((block[i] as number) + (state[i] as number)) >>> 0, true);
    const end = Math.min(data.length, start + 64);
    for (let at = start; at < end; at++)
      data[at] = (data[at] as number) ^ (stream[at - start] as number);
  }
}

/** A key from a key and 16 bytes of nonce: Salsa20 without its last addition. */
function hsalsa20(key: Uint8Array, nonce: Uint8Array): Uint8Array {
  const block = stateOf(key, nonce);
  doubleRounds(block);
  const derived = new Uint8Array(32);
  const view = new DataView(derived.buffer);
  [0, 5, 10, 15, 6, 7, 8, 9].forEach((word, index) => {
    view.setUint32(index * 4, block[word] as number, true);
  });
  return derived;
}

/** `nonce` has 8 bytes, before the counter, or 16 in its place. */
function stateOf(key: Uint8Array, nonce: Uint8Array): Uint32Array {
  const state = new Uint32Array(16);
  const keyView = new DataView(key.buffer, key.byteOffset, 32);
  sigma.forEach((word, index) => {
    state[index * 5] = word;
  });
  for (let i = 0; i < 4; i++) {
    state[1 + i] = keyView.getUint32(i * 4, true);
    state[11 + i] = keyView.getUint32(16 + i * 4, true);
  }
  const nonceView = new DataView(nonce.buffer, nonce.byteOffset, nonce.length);
  for (let i = 0; i < nonce.length / 4; i++) state[6 + i] = nonceView.getUint32(i * 4, true);
  return state;
}

function doubleRounds(x: Uint32Array): void {
  for (let round = 0; round < 10; round++) {
    for (const [a, b, c, d] of quarters) {
      x[b] = (x[b] as number) ^ rotated((x[a] as number) + (x[d] as number), 7);
      x[c] = (x[c] as number) ^ rotated((x[b] as number) + (x[a] as number), 9);
      x[d] = (x[d] as number) ^ rotated((x[c] as number) + (x[b] as number), 13);
      x[a] = (x[a] as number) ^ rotated((x[d] as number) + (x[c] as number), 18);
    }
  }
}

function rotated(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
