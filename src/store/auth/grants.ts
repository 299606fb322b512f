import { type Permission, PermissionType } from '../../wire/gen/authpb.js';
import { boundsOf } from '../mvcc/range-options.js';
import { type KeyInterval, KeyRanges } from './key-ranges.js';

/** What is done to keys. */
export type Access = 'read' | 'write';

/** All that a user may do, of all roles together. */
export interface Grants {
  /** Everything is allowed. */
  readonly isRoot: boolean;
  readonly read: KeyRanges;
  readonly write: KeyRanges;
}

/** Puts together what a user's roles allow. */
export function grantsOf(options: {
  readonly isRoot: boolean;
  readonly permissions: readonly Permission[];
}): Grants {
  const intervals: Record<Access, KeyInterval[]> = { read: [], write: [] };
  for (const { permType, key, rangeEnd } of options.permissions) {
    const { lower, upper } = boundsOf(key, rangeEnd);
    const interval = { begin: lower, end: upper };
    if (permType !== PermissionType.WRITE) intervals.read.push(interval);
    if (permType !== PermissionType.READ) intervals.write.push(interval);
  }
  const { read, write } = intervals;
  return { isRoot: options.isRoot, read: new KeyRanges(read), write: new KeyRanges(write) };
}
