import { compareBytes, equalBytes } from '../../base/bytes.js';
import { Permission, Role } from '../../wire/gen/authpb.js';
import type {
  AuthRoleGrantPermissionRequest,
  AuthRoleRevokePermissionRequest,
} from '../../wire/gen/etcdserverpb.js';
import type { ApplyBatch } from '../apply/apply-batch.js';
import { StoreError } from '../errors.js';
import { rootName } from './auth-info.js';
import type { AuthState } from './auth-state.js';

export function addRole(state: AuthState, name: string, batch: ApplyBatch): void {
  if (name === '') throw new StoreError('role-empty');
  if (state.role(name) !== undefined) throw new StoreError('role-exists');
  state.putRole(Role.create({ name: new TextEncoder().encode(name) }), batch);
  state.bump(batch);
}

/** Takes the role from all users that have it, too. */
export function deleteRole(state: AuthState, name: string, batch: ApplyBatch): void {
  if (state.isEnabled && name === rootName) throw new StoreError('invalid-auth-mgmt');
  state.deleteRole(existingRole(state, name), batch);
  for (const user of state.users()) {
    if (!user.roles.includes(name)) continue;
    state.putUser({ ...user, roles: user.roles.filter((other) => other !== name) }, batch);
  }
  state.bump(batch);
}

/** Allows something over a range of keys, in place of what was allowed over the very same range. */
export function grantPermission(
  state: AuthState,
  { name, perm }: AuthRoleGrantPermissionRequest,
  batch: ApplyBatch,
): void {
  if (perm === undefined) throw new StoreError('permission-not-given');
  if (!isRange(perm)) throw new StoreError('invalid-auth-mgmt');
  const role = existingRole(state, name);
  const granted = Permission.create(perm);
  const has = role.keyPermission.some((known) => isSameRange(known, perm));
  const keyPermission = has
    ? role.keyPermission.map((known) => (isSameRange(known, perm) ? granted : known))
    : [...role.keyPermission, granted].sort((a, b) => compareBytes(a.key, b.key));
  state.putRole({ ...role, keyPermission }, batch);
  state.bump(batch);
}

export function revokePermission(
  state: AuthState,
  { role: name, key, rangeEnd }: AuthRoleRevokePermissionRequest,
  batch: ApplyBatch,
): void {
  const role = existingRole(state, name);
  const rest = role.keyPermission.filter((known) => !isSameRange(known, { key, rangeEnd }));
  if (rest.length === role.keyPermission.length) throw new StoreError('permission-not-granted');
  state.putRole({ ...role, keyPermission: rest }, batch);
  state.bump(batch);
}

function existingRole(state: AuthState, name: string): Role {
  const role = state.role(name);
  if (role === undefined) throw new StoreError('role-not-found');
  return role;
}

type Range = Pick<Permission, 'key' | 'rangeEnd'>;

function isSameRange(a: Range, b: Range): boolean {
  return equalBytes(a.key, b.key) && equalBytes(a.rangeEnd, b.rangeEnd);
}

/** A key, all keys from one on (the end is a zero byte), or a range that has a key. */
function isRange({ key, rangeEnd }: Range): boolean {
  if (key.length === 0) return false;
  if (rangeEnd.length === 0 || (rangeEnd.length === 1 && rangeEnd[0] === 0)) return true;
  return compareBytes(key, rangeEnd) < 0;
}
