import type { Index, Term } from '../core/types.js';

/** Which snapshot: the log position that it is the state after. */
export interface SnapshotPosition {
  readonly index: Index;
  readonly term: Term;
}

/** Ends the name of a file that is being written, and of no use after a crash. */
export const writingSuffix = '.tmp';
/** Ends the name of a file that is being received, and goes on after a crash. */
export const receivingSuffix = '.part';

const pattern = /^snap-([0-9a-f]{16})-([0-9a-f]{16})\.snap$/;

/** Names a complete snapshot. Names sort by term, then by index; later snapshots never have an earlier term. */
export function snapshotName({ index, term }: SnapshotPosition): string {
  return `snap-${hex16(term)}-${hex16(index)}.snap`;
}

/** Reads the name of a complete snapshot; null when the file is none. */
export function parseSnapshotName(name: string): SnapshotPosition | null {
  const match = pattern.exec(name);
  if (match === null) return null;
  return { term: Number(`0x${match[1]}`), index: Number(`0x${match[2]}`) };
}

function hex16(value: number): string {
  return value.toString(16).padStart(16, '0');
}
