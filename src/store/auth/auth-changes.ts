import {
  AuthRoleAddRequest,
  AuthRoleDeleteRequest,
  AuthRoleGrantPermissionRequest,
  AuthRoleRevokePermissionRequest,
  AuthUserAddRequest,
  AuthUserChangePasswordRequest,
  AuthUserDeleteRequest,
  AuthUserGrantRoleRequest,
  AuthUserRevokeRoleRequest,
} from '../../wire/gen/etcdserverpb.js';
import { AuthTokenGrant } from '../../wire/gen/store.js';
import type { ApplyBatch } from '../apply/apply-batch.js';
import type { ApplyResponse } from '../contracts.js';
import { StoreError } from '../errors.js';
import { rootName } from './auth-info.js';
import { AuthOp } from './auth-op.js';
import type { AuthState } from './auth-state.js';
import { addRole, deleteRole, grantPermission, revokePermission } from './role-changes.js';
import type { SimpleTokens } from './simple-tokens.js';
import { addUser, changePassword, deleteUser, grantRole, revokeRole } from './user-changes.js';

/** What auth commands change. */
export interface AuthParts {
  readonly state: AuthState;
  /** Of this member alone: what is in them depends on its clock. */
  readonly tokens: SimpleTokens;
}

/**
 * Carries out an `auth` command, which whoever asked for it was found to be allowed: etcd's rules and errors, in its order.
 * `index` is the entry's. Throws StoreError, and has changed nothing then.
 */
export function applyAuthOp(
  payload: Uint8Array,
  index: number,
  { state, tokens }: AuthParts,
  batch: ApplyBatch,
): ApplyResponse {
  const op = payload[0] ?? 0;
  if (op < AuthOp.enable || op > AuthOp.grantToken) throw new StoreError('malformed-entry');
  const request = payload.subarray(1);
  if (op === AuthOp.grantToken) {
    const token = grantToken(AuthTokenGrant.decode(request), index, { state, tokens });
    return { kind: 'authToken', value: token };
  }
  changes[op as ChangeOp]({ state, tokens }, request, batch);
  return { kind: 'auth' };
}

type ChangeOp = Exclude<AuthOp, typeof AuthOp.grantToken>;
type Change = (parts: AuthParts, request: Uint8Array, batch: ApplyBatch) => void;

const changes: Readonly<Record<ChangeOp, Change>> = {
  [AuthOp.enable]: ({ state }, _request, batch) => enable(state, batch),
  [AuthOp.disable]: (parts, _request, batch) => disable(parts, batch),
  [AuthOp.userAdd]: ({ state }, request, batch) =>
    addUser(state, AuthUserAddRequest.decode(request), batch),
  [AuthOp.userDelete]({ state, tokens }, request, batch) {
    const { name } = AuthUserDeleteRequest.decode(request);
    deleteUser(state, name, batch);
    tokens.dropUser(name);
  },
  [AuthOp.userChangePassword]({ state, tokens }, request, batch) {
    const changed = AuthUserChangePasswordRequest.decode(request);
    changePassword(state, changed, batch);
    tokens.dropUser(changed.name);
  },
  [AuthOp.userGrantRole]: ({ state }, request, batch) =>
    grantRole(state, AuthUserGrantRoleRequest.decode(request), batch),
  [AuthOp.userRevokeRole]: ({ state }, request, batch) =>
    revokeRole(state, AuthUserRevokeRoleRequest.decode(request), batch),
  [AuthOp.roleAdd]: ({ state }, request, batch) =>
    addRole(state, AuthRoleAddRequest.decode(request).name, batch),
  [AuthOp.roleDelete]: ({ state }, request, batch) =>
    deleteRole(state, AuthRoleDeleteRequest.decode(request).role, batch),
  [AuthOp.roleGrantPermission]: ({ state }, request, batch) =>
    grantPermission(state, AuthRoleGrantPermissionRequest.decode(request), batch),
  [AuthOp.roleRevokePermission]: ({ state }, request, batch) =>
    revokePermission(state, AuthRoleRevokePermissionRequest.decode(request), batch),
};

/** Nobody could ever disable it again without a root user that has the root role. */
function enable(state: AuthState, batch: ApplyBatch): void {
  if (state.isEnabled) return;
  const root = state.user(rootName);
  if (root === undefined) throw new StoreError('root-user-missing');
  if (!root.roles.includes(rootName)) throw new StoreError('root-role-missing');
  state.enable(batch);
}

function disable({ state, tokens }: AuthParts, batch: ApplyBatch): void {
  if (!state.isEnabled) return;
  state.disable(batch);
  tokens.clear();
}

/** The password was checked at a revision: what has changed since may have been the password. */
function grantToken(
  { name, prefix, authRevision }: AuthTokenGrant,
  index: number,
  { state, tokens }: AuthParts,
): string {
  if (!state.isEnabled) throw new StoreError('auth-not-enabled');
  if (state.revision !== authRevision) throw new StoreError('auth-old-revision');
  const token = `${prefix}.${index}`;
  tokens.assign(token, name);
  return token;
}
