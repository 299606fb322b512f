import { assert } from '../base/assert.js';

/** Writes a safe non-negative integer as a protobuf varint at `offset`, where there is room; returns where it ends. */
export function writeVarint(target: Uint8Array, offset: number, value: number): number {
  assert(value >= 0, 'a counter is negative');
  let at = offset;
  let rest = value;
  while (rest >= 0x80) {
    target[at++] = (rest % 0x80) + 0x80;
    rest = Math.floor(rest / 0x80);
  }
  target[at] = rest;
  return at + 1;
}

/** How many bytes {@link writeVarint} takes for it. */
export function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++;
  return bytes;
}
