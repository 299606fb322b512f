import { AuthOp, encodeAuthOp } from '../../../src/store/auth/auth-op.js';
import { encodeOnBehalf } from '../../../src/store/auth/on-behalf.js';
import { CommandKind } from '../../../src/store/contracts.js';
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
} from '../../../src/wire/gen/etcdserverpb.js';
import { AuthTokenGrant } from '../../../src/wire/gen/store.js';
import { b, command } from '../store-harness.js';

/** Entries that change users and roles, as data of the log. */

const auth = (op: AuthOp, request: Uint8Array = new Uint8Array(0)) =>
  command(CommandKind.auth, encodeAuthOp(op, request));
const base64 = (text: string) => Buffer.from(text).toString('base64');

export const enable = () => auth(AuthOp.enable);
export const disable = () => auth(AuthOp.disable);
export const userAdd = (name: string, more: { noPassword?: boolean } = {}) =>
  auth(
    AuthOp.userAdd,
    AuthUserAddRequest.encode({
      name,
      hashedPassword: base64('hash of one'),
      options: { noPassword: more.noPassword },
    }),
  );
export const userDelete = (name: string) =>
  auth(AuthOp.userDelete, AuthUserDeleteRequest.encode({ name }));
export const changePassword = (name: string, hash = 'hash of two') =>
  auth(
    AuthOp.userChangePassword,
    AuthUserChangePasswordRequest.encode({ name, hashedPassword: base64(hash) }),
  );
export const userGrant = (user: string, role: string) =>
  auth(AuthOp.userGrantRole, AuthUserGrantRoleRequest.encode({ user, role }));
export const userRevoke = (name: string, role: string) =>
  auth(AuthOp.userRevokeRole, AuthUserRevokeRoleRequest.encode({ name, role }));
export const roleAdd = (name: string) => auth(AuthOp.roleAdd, AuthRoleAddRequest.encode({ name }));
export const roleDelete = (role: string) =>
  auth(AuthOp.roleDelete, AuthRoleDeleteRequest.encode({ role }));
export const roleGrant = (name: string, permType: number, key: string, end = '') =>
  auth(
    AuthOp.roleGrantPermission,
    AuthRoleGrantPermissionRequest.encode({
      name,
      perm: { permType, key: b(key), rangeEnd: b(end) },
    }),
  );
export const roleRevoke = (role: string, key: string, end = '') =>
  auth(
    AuthOp.roleRevokePermission,
    AuthRoleRevokePermissionRequest.encode({ role, key: b(key), rangeEnd: b(end) }),
  );
export const tokenGrant = (name: string, authRevision: number, prefix = 'prefix') =>
  auth(AuthOp.grantToken, AuthTokenGrant.encode({ name, prefix, authRevision }));

/** The same entry for a user that was identified at a revision. */
export function as(userName: string, revision: number, data: Uint8Array): Uint8Array {
  const kind = data[0] as CommandKind;
  const payload = encodeOnBehalf({ userName, revision }, { kind, payload: data.subarray(1) });
  return command(CommandKind.onBehalf, payload);
}
