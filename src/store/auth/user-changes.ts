import { compareBytes } from '../../base/bytes.js';
import { User } from '../../wire/gen/authpb.js';
import type {
  AuthUserAddRequest,
  AuthUserChangePasswordRequest,
  AuthUserGrantRoleRequest,
  AuthUserRevokeRoleRequest,
} from '../../wire/gen/etcdserverpb.js';
import { emptyBytes } from '../../wire/reader.js';
import type { ApplyBatch } from '../apply/apply-batch.js';
import { StoreError } from '../errors.js';
import { rootName } from './auth-info.js';
import type { AuthState } from './auth-state.js';

const encoder = new TextEncoder();

/** Adds a user, with the hash of its password or to be known by a certificate alone. */
export function addUser(
  state: AuthState,
  { name, options, hashedPassword }: AuthUserAddRequest,
  batch: ApplyBatch,
): void {
  if (name === '') throw new StoreError('user-empty');
  if (state.user(name) !== undefined) throw new StoreError('user-exists');
  const noPassword = options?.noPassword === true;
  const password = noPassword ? emptyBytes : fromBase64(hashedPassword);
  const added = { name: encoder.encode(name), password, options: { noPassword } };
  state.putUser(User.create(added), batch);
  state.bump(batch);
}

export function deleteUser(state: AuthState, name: string, batch: ApplyBatch): void {
  if (state.isEnabled && name === rootName) throw new StoreError('invalid-auth-mgmt');
  state.deleteUser(existingUser(state, name), batch);
  state.bump(batch);
}

/** A user without a password does not get one by this. */
export function changePassword(
  state: AuthState,
  { name, hashedPassword }: AuthUserChangePasswordRequest,
  batch: ApplyBatch,
): void {
  const user = existingUser(state, name);
  const noPassword = user.options?.noPassword === true;
  const password = noPassword ? emptyBytes : fromBase64(hashedPassword);
  state.putUser({ ...user, password }, batch);
  state.bump(batch);
}

/** Nothing when the user has the role. The root role need not be there to be granted. */
export function grantRole(
  state: AuthState,
  { user: name, role }: AuthUserGrantRoleRequest,
  batch: ApplyBatch,
): void {
  const user = existingUser(state, name);
  if (role !== rootName && state.role(role) === undefined) throw new StoreError('role-not-found');
  if (user.roles.includes(role)) return;
  state.putUser({ ...user, roles: [...user.roles, role].sort(byUtf8) }, batch);
  state.bump(batch);
}

export function revokeRole(
  state: AuthState,
  { name, role }: AuthUserRevokeRoleRequest,
  batch: ApplyBatch,
): void {
  if (state.isEnabled && name === rootName && role === rootName) {
    throw new StoreError('invalid-auth-mgmt');
  }
  const user = existingUser(state, name);
  if (!user.roles.includes(role)) throw new StoreError('role-not-granted');
  state.putUser({ ...user, roles: user.roles.filter((other) => other !== role) }, batch);
  state.bump(batch);
}

function existingUser(state: AuthState, name: string): User {
  const user = state.user(name);
  if (user === undefined) throw new StoreError('user-not-found');
  return user;
}

/** etcd's name for a hash that it cannot read is that for a password where there may be none. */
function fromBase64(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new StoreError('no-password-user');
  return new Uint8Array(bytes);
}

function byUtf8(a: string, b: string): number {
  return compareBytes(encoder.encode(a), encoder.encode(b));
}
