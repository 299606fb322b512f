import { toLatin1 } from '../../base/bytes.js';

/**
 * The keys that a watcher is on, as latin1: `start` alone when `isSingle`, else [start, end), without an upper bound when
 * `end` is null.
 */
export interface KeyRange {
  readonly start: string;
  readonly end: string | null;
  readonly isSingle: boolean;
}

/**
 * The range of a request by etcd's rules: an empty key is the smallest one, "\0"; an empty end means that key alone; the
 * end "\0" means every key from there on. Undefined when it is empty (key >= end).
 */
export function parseKeyRange(request: {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
}): KeyRange | undefined {
  const start = request.key.length === 0 ? '\0' : toLatin1(request.key);
  if (request.rangeEnd.length === 0) return { start, end: null, isSingle: true };
  const end = toLatin1(request.rangeEnd);
  if (end === '\0') return { start, end: null, isSingle: false };
  return start < end ? { start, end, isSingle: false } : undefined;
}

/** True when the key (latin1) is in the range. */
export function isInRange(range: KeyRange, key: string): boolean {
  if (range.isSingle) return key === range.start;
  return key >= range.start && (range.end === null || key < range.end);
}
