import { DiskError, type DiskErrorCode } from '../base/disk.js';

const codes: ReadonlyMap<string, DiskErrorCode> = new Map([
  ['ENOENT', 'not-found'],
  ['EEXIST', 'exists'],
  ['ENOTEMPTY', 'exists'],
  ['ENOSPC', 'no-space'],
  ['EDQUOT', 'no-space'],
  ['EFBIG', 'no-space'],
  ['EACCES', 'permission'],
  ['EPERM', 'permission'],
  ['EROFS', 'permission'],
]);

/** Turns an error of node:fs into a {@link DiskError} that names the action and the path. */
export function toDiskError(action: string, path: string, cause: unknown): DiskError {
  if (cause instanceof DiskError) return cause;
  const { code = '', message = String(cause) } = cause as NodeJS.ErrnoException;
  return new DiskError(codes.get(code) ?? 'io', `cannot ${action} '${path}': ${message}`, {
    cause,
  });
}
