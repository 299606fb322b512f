import { toLatin1 } from '../../src/base/bytes.js';
import type { Entry, Index } from '../../src/raft/core/types.js';
import { payloadOf } from '../../src/raft/node/envelope.js';
import { AuthOp } from '../../src/store/auth/auth-op.js';
import { decodeOnBehalf } from '../../src/store/auth/on-behalf.js';
import { CommandKind } from '../../src/store/contracts.js';
import { PermissionType } from '../../src/wire/gen/authpb.js';
import {
  AuthRoleAddRequest,
  AuthRoleGrantPermissionRequest,
  AuthRoleRevokePermissionRequest,
  AuthUserAddRequest,
  AuthUserChangePasswordRequest,
  AuthUserDeleteRequest,
  AuthUserGrantRoleRequest,
  AuthUserRevokeRoleRequest,
  PutRequest,
} from '../../src/wire/gen/etcdserverpb.js';
import { SimFailure } from './failure.js';

/** What becomes of a put with this value: nothing stands in its way, or the words in which it is refused. */
export type Verdict = 'allowed' | string;

interface Account {
  roles: string[];
}

interface Grant {
  readonly key: string;
  readonly end: string;
  readonly type: number;
}

const userEmpty = 'etcdserver: user name is empty';
const oldRevision = 'etcdserver: revision of auth store is old';
const denied = 'etcdserver: permission denied';

/**
 * Users, roles and permissions as the log has them, entry by entry, worked out in the plainest way: what every guest's put must come
 * to. It knows the changes that the simulated operator asks for.
 */
export class AuthLog {
  /** The log of a new cluster begins after index 1. */
  #next: Index = 2;
  #isEnabled = false;
  #revision = 1;
  readonly #users = new Map<string, Account>();
  readonly #roles = new Map<string, Grant[]>();
  /** By value, of which every put has another. */
  readonly #verdicts = new Map<string, Verdict>();

  /** An entry is handed to a member's state machine; every entry comes here before those after it do. */
  onEntry({ index, kind, data }: Entry): void {
    if (index !== this.#next) return;
    this.#next++;
    if (kind !== 'normal') return;
    let command = payloadOf(data);
    let user = { userName: '', revision: 0 };
    if (command[0] === CommandKind.onBehalf) ({ user, data: command } = decodeOnBehalf(command));
    const payload = command.subarray(1);
    if (command[0] === CommandKind.put) this.#onPut(PutRequest.decode(payload), user);
    else if (command[0] === CommandKind.auth && this.#isRoot(user.userName)) {
      this.#change(payload[0] as AuthOp, payload.subarray(1));
    }
  }

  /** A put with this value was answered: with the verdict that the log gives it, or it is not in the log. */
  check(value: string, answer: Verdict): void {
    const verdict = this.#verdicts.get(value);
    if (verdict === answer || (verdict === undefined && answer !== 'allowed')) return;
    throw new SimFailure(
      'what is done is permitted when it is applied',
      `a put of '${value}' was answered: ${answer}; the log says: ${verdict ?? 'nothing'}`,
    );
  }

  #onPut(put: PutRequest, user: { readonly userName: string; readonly revision: number }): void {
    const value = toLatin1(put.value);
    this.#verdicts.set(value.slice(0, value.indexOf('~') + 1), this.#verdict(put, user));
  }

  #verdict(
    { key, prevKv }: PutRequest,
    { userName, revision }: { readonly userName: string; readonly revision: number },
  ): Verdict {
    if (!this.#isEnabled) return 'allowed';
    if (revision === 0) return userEmpty;
    if (revision < this.#revision) return oldRevision;
    const name = toLatin1(key);
    if (!this.#may(userName, name, PermissionType.WRITE)) return denied;
    return !prevKv || this.#may(userName, name, PermissionType.READ) ? 'allowed' : denied;
  }

  #may(userName: string, key: string, type: number): boolean {
    const user = this.#users.get(userName);
    if (user === undefined) return false;
    if (user.roles.includes('root')) return true;
    const grants = user.roles.flatMap((role) => this.#roles.get(role) ?? []);
    return grants.some((grant) => {
      const isOfType = grant.type === type || grant.type === PermissionType.READWRITE;
      return isOfType && grant.key <= key && key < grant.end;
    });
  }

  #isRoot(userName: string): boolean {
    if (!this.#isEnabled) return true;
    return this.#users.get(userName)?.roles.includes('root') === true;
  }

  /** Those that change nothing leave the revision as it is. */
  #change(op: AuthOp, request: Uint8Array): void {
    const users = this.#users;
    switch (op) {
      case AuthOp.enable:
        this.#isEnabled ||= users.get('root')?.roles.includes('root') === true;
        return;
      case AuthOp.disable:
        if (!this.#isEnabled) return;
        this.#isEnabled = false;
        this.#revision++;
        return;
      case AuthOp.userAdd: {
        const { name } = AuthUserAddRequest.decode(request);
        if (users.has(name)) return;
        users.set(name, { roles: [] });
        this.#revision++;
        return;
      }
      case AuthOp.userDelete: {
        const { name } = AuthUserDeleteRequest.decode(request);
        if (users.delete(name)) this.#revision++;
        return;
      }
      case AuthOp.userChangePassword: {
        const { name } = AuthUserChangePasswordRequest.decode(request);
        if (users.has(name)) this.#revision++;
        return;
      }
      case AuthOp.userGrantRole: {
        const { user, role } = AuthUserGrantRoleRequest.decode(request);
        const account = users.get(user);
        const isThere = role === 'root' || this.#roles.has(role);
        if (account === undefined || !isThere || account.roles.includes(role)) return;
        account.roles.push(role);
        this.#revision++;
        return;
      }
      case AuthOp.userRevokeRole: {
        const { name, role } = AuthUserRevokeRoleRequest.decode(request);
        const account = users.get(name);
        if (account?.roles.includes(role) !== true) return;
        account.roles = account.roles.filter((other) => other !== role);
        this.#revision++;
        return;
      }
      default:
        this.#changeRole(op, request);
    }
  }

  #changeRole(op: AuthOp, request: Uint8Array): void {
    const roles = this.#roles;
    if (op === AuthOp.roleAdd) {
      const { name } = AuthRoleAddRequest.decode(request);
      if (roles.has(name)) return;
      roles.set(name, []);
      this.#revision++;
    } else if (op === AuthOp.roleGrantPermission) {
      const { name, perm } = AuthRoleGrantPermissionRequest.decode(request);
      const grants = roles.get(name);
      if (grants === undefined || perm === undefined) return;
      const grant = {
        key: toLatin1(perm.key),
        end: toLatin1(perm.rangeEnd),
        type: perm.permType,
      };
      roles.set(name, [...grants.filter(({ key }) => key !== grant.key), grant]);
      this.#revision++;
    } else if (op === AuthOp.roleRevokePermission) {
      const { role, key } = AuthRoleRevokePermissionRequest.decode(request);
      const grants = roles.get(role) ?? [];
      const rest = grants.filter((grant) => grant.key !== toLatin1(key));
      if (rest.length === grants.length) return;
      roles.set(role, rest);
      this.#revision++;
    }
  }
}
