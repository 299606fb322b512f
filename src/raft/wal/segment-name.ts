import type { Index } from '../core/types.js';

/** What a segment's name tells. Names sort as their sequences do. */
export interface SegmentName {
  readonly name: string;
  readonly sequence: number;
  /** The index after the last entry before the segment: where its entries begin unless they overwrite. */
  readonly firstIndex: Index;
}

const pattern = /^wal-([0-9a-f]{16})-([0-9a-f]{16})\.log$/;

/** Names a segment. */
export function segmentName(sequence: number, firstIndex: Index): string {
  return `wal-${hex16(sequence)}-${hex16(firstIndex)}.log`;
}

/** Reads a segment's name; null when the file is no segment. */
export function parseSegmentName(name: string): SegmentName | null {
  const match = pattern.exec(name);
  if (match === null) return null;
  const sequence = Number(`0x${match[1]}`);
  const firstIndex = Number(`0x${match[2]}`);
  return { name, sequence, firstIndex };
}

/** The name of a segment that is not yet part of the log. What a crash leaves of it is removed. */
export function spareSegmentName(sequence: number): string {
  return `wal-${hex16(sequence)}.tmp`;
}

/** True for files that only a running log needs. */
export function isSpareSegmentName(name: string): boolean {
  return /^wal-[0-9a-f]{16}\.tmp$/.test(name);
}

function hex16(value: number): string {
  return value.toString(16).padStart(16, '0');
}
