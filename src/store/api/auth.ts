import { implementService } from '../../rpc/implement.js';
import type { ServiceImplementation, UnaryCall } from '../../rpc/service.js';
import {
  Auth,
  AuthUserAddRequest,
  AuthUserChangePasswordRequest,
} from '../../wire/gen/etcdserverpb.js';
import type { AccessCheck } from '../auth/access.js';
import type { AuthInfo } from '../auth/auth-info.js';
import { AuthOp, encodeAuthOp } from '../auth/auth-op.js';
import { nameOf } from '../auth/auth-state.js';
import { CommandKind } from '../contracts.js';
import { StoreError } from '../errors.js';
import type { ApiContext } from './context.js';
import { currentHeader } from './header.js';
import { logIn } from './log-in.js';
import { proposeAs } from './propose.js';

/**
 * etcdserverpb.Auth. Changes go through the log with who asks for them; what is read is as new as the quorum's. While
 * authentication is disabled everybody may do all of it: that is how the first users come to be.
 */
export function authService(context: ApiContext): ServiceImplementation {
  const { auth } = context;
  const change = async (call: UnaryCall, op: AuthOp, request = call.requestBytes) => {
    const payload = encodeAuthOp(op, request);
    const command = { kind: CommandKind.auth, payload, response: 'auth' } as const;
    await proposeAs(context, call, command, call.signal);
    return { header: currentHeader(context) };
  };
  const changeBy = (op: AuthOp) => (_request: unknown, call: UnaryCall) => change(call, op);
  return implementService(Auth, {
    AuthEnable: changeBy(AuthOp.enable),
    AuthDisable: changeBy(AuthOp.disable),

    async AuthStatus(_request, call) {
      await allow(context, call, forRoot);
      const { isEnabled: enabled, revision: authRevision } = auth.users;
      return { header: currentHeader(context), enabled, authRevision };
    },

    async Authenticate({ name, password }, { signal }) {
      const token = await logIn(context, { name, password }, signal);
      return { header: currentHeader(context), token };
    },

    async UserAdd({ name, password, options }, call) {
      const hashedPassword = options?.noPassword === true ? '' : await hashOf(context, password);
      const request = AuthUserAddRequest.encode({ name, options, hashedPassword });
      return change(call, AuthOp.userAdd, request);
    },

    async UserChangePassword({ name, password, hashedPassword: given }, call) {
      const hashedPassword = password === '' ? given : await hashOf(context, password);
      const request = AuthUserChangePasswordRequest.encode({ name, hashedPassword });
      return change(call, AuthOp.userChangePassword, request);
    },

    async UserGet({ name }, call) {
      await allow(context, call, (access, user) => {
        if (user.userName !== name) access.root(user);
      });
      const user = auth.users.user(name);
      if (user === undefined) throw new StoreError('user-not-found');
      return { header: currentHeader(context), roles: user.roles };
    },

    async UserList(_request, call) {
      await allow(context, call, forRoot);
      return { header: currentHeader(context), users: auth.users.users().map(nameOf) };
    },

    UserDelete: changeBy(AuthOp.userDelete),
    UserGrantRole: changeBy(AuthOp.userGrantRole),
    UserRevokeRole: changeBy(AuthOp.userRevokeRole),

    async RoleGet({ role: name }, call) {
      await allow(context, call, (access, user) => {
        const own = auth.users.user(user.userName)?.roles ?? [];
        if (!own.includes(name)) access.root(user);
      });
      const role = auth.users.role(name);
      if (role === undefined) throw new StoreError('role-not-found');
      return { header: currentHeader(context), perm: role.keyPermission };
    },

    async RoleList(_request, call) {
      await allow(context, call, forRoot);
      return { header: currentHeader(context), roles: auth.users.roles().map(nameOf) };
    },

    RoleAdd: changeBy(AuthOp.roleAdd),
    RoleDelete: changeBy(AuthOp.roleDelete),
    RoleGrantPermission: changeBy(AuthOp.roleGrantPermission),
    RoleRevokePermission: changeBy(AuthOp.roleRevokePermission),
  });
}

const forRoot = (access: AccessCheck, user: AuthInfo) => access.root(user);

/** Waits until this member knows what was decided before the call, and then looks whether the caller may ask. */
async function allow(
  context: ApiContext,
  call: UnaryCall,
  check: (access: AccessCheck, user: AuthInfo) => void,
): Promise<void> {
  await context.readBarrier(call.signal);
  if (!context.auth.isEnabled) return;
  const user = await context.auth.identify(call);
  if (context.auth.isEnabled) check(context.auth.access, user);
}

/** The hash as it goes through the log. The password itself goes nowhere. */
async function hashOf(context: ApiContext, password: string): Promise<string> {
  return Buffer.from(await context.auth.hash(password)).toString('base64');
}
