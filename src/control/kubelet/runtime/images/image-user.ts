import { readTextInside } from '../../../../host/inside-root.js';
import { RuntimeError } from '../runtime-error.js';

/** A user as a root file system's own files tell. */
export interface FoundUser {
  readonly uid: number;
  readonly gid: number;
  /** The groups that list it as a member. */
  readonly groups: readonly number[];
}

/**
 * Finds whom `user`, `user:group` or their numbers mean in a root file system; '' is the superuser. A number needs no entry
 * there. Rejects with `start-failed` for a name that has none.
 */
export async function findUser(rootfs: string, wanted: string): Promise<FoundUser> {
  const [user = '', group = ''] = wanted.split(':', 2);
  const passwd = rowsOf(await readTextInside(rootfs, '/etc/passwd'));
  const groups = rowsOf(await readTextInside(rootfs, '/etc/group'));
  const name = user === '' ? '0' : user;
  const isNumber = /^\d+$/.test(name);
  const row = passwd.find((fields) => fields[isNumber ? 2 : 0] === name);
  if (row === undefined && !isNumber) {
    throw new RuntimeError(
      'start-failed',
      `unable to find user ${name}: no matching entries in passwd file`,
    );
  }
  const uid = isNumber ? Number(name) : Number(row?.[2]);
  const gid = group === '' ? Number(row?.[3] ?? 0) : groupId(groups, group);
  const memberOf = groups
    .filter((fields) => row !== undefined && (fields[3] ?? '').split(',').includes(row[0] ?? ''))
    .map((fields) => Number(fields[2]));
  return { uid, gid, groups: memberOf };
}

function groupId(groups: readonly string[][], wanted: string): number {
  if (/^\d+$/.test(wanted)) return Number(wanted);
  const row = groups.find((fields) => fields[0] === wanted);
  if (row !== undefined) return Number(row[2]);
  throw new RuntimeError(
    'start-failed',
    `unable to find group ${wanted}: no matching entries in group file`,
  );
}

function rowsOf(text: string | null): string[][] {
  return (text ?? '').split('\n').map((line) => line.split(':'));
}
