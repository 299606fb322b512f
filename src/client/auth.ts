import { type Permission, PermissionType } from '../wire/gen/authpb.js';
import {
  Auth,
  AuthDisableRequest,
  type AuthDisableResponse,
  AuthEnableRequest,
  type AuthEnableResponse,
  AuthRoleAddRequest,
  type AuthRoleAddResponse,
  AuthRoleDeleteRequest,
  type AuthRoleDeleteResponse,
  AuthRoleGetRequest,
  type AuthRoleGetResponse,
  AuthRoleGrantPermissionRequest,
  type AuthRoleGrantPermissionResponse,
  AuthRoleListRequest,
  type AuthRoleListResponse,
  AuthRoleRevokePermissionRequest,
  type AuthRoleRevokePermissionResponse,
  AuthStatusRequest,
  type AuthStatusResponse,
  AuthUserAddRequest,
  type AuthUserAddResponse,
  AuthUserChangePasswordRequest,
  type AuthUserChangePasswordResponse,
  AuthUserDeleteRequest,
  type AuthUserDeleteResponse,
  AuthUserGetRequest,
  type AuthUserGetResponse,
  AuthUserGrantRoleRequest,
  type AuthUserGrantRoleResponse,
  AuthUserListRequest,
  type AuthUserListResponse,
  AuthUserRevokeRoleRequest,
  type AuthUserRevokeRoleResponse,
} from '../wire/index.js';
import { type KeyTarget, keyRange } from './bytes.js';
import type { Caller, RequestOptions, WithHeader, WriteOptions } from './caller.js';

/** What a role may do with keys. */
export type Access = 'read' | 'write' | 'readwrite';

const permTypes: Readonly<Record<Access, Permission['permType']>> = {
  read: PermissionType.READ,
  write: PermissionType.WRITE,
  readwrite: PermissionType.READWRITE,
};

const { methods } = Auth;

/** The requests about users, roles and whether they count. */
export class AuthClient {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** From now on everybody must say who he is. There must be a user `root` that has the role `root`. */
  enable(options: WriteOptions = {}): Promise<WithHeader<AuthEnableResponse>> {
    return this.#caller.write(methods.AuthEnable, AuthEnableRequest.create(), options);
  }

  disable(options: WriteOptions = {}): Promise<WithHeader<AuthDisableResponse>> {
    return this.#caller.write(methods.AuthDisable, AuthDisableRequest.create(), options);
  }

  status(options: RequestOptions = {}): Promise<WithHeader<AuthStatusResponse>> {
    return this.#caller.read(methods.AuthStatus, AuthStatusRequest.create(), options);
  }

  /** Adds a user; without a password (null) certificates are the only way to be that user. */
  addUser(
    name: string,
    password: string | null,
    options: WriteOptions = {},
  ): Promise<WithHeader<AuthUserAddResponse>> {
    const noPassword = password === null;
    const fields = { name, password: password ?? '', options: { noPassword } };
    return this.#caller.write(methods.UserAdd, AuthUserAddRequest.create(fields), options);
  }

  deleteUser(
    name: string,
    options: WriteOptions = {},
  ): Promise<WithHeader<AuthUserDeleteResponse>> {
    return this.#caller.write(methods.UserDelete, AuthUserDeleteRequest.create({ name }), options);
  }

  /** The roles of a user. */
  user(name: string, options: RequestOptions = {}): Promise<WithHeader<AuthUserGetResponse>> {
    return this.#caller.read(methods.UserGet, AuthUserGetRequest.create({ name }), options);
  }

  users(options: RequestOptions = {}): Promise<WithHeader<AuthUserListResponse>> {
    return this.#caller.read(methods.UserList, AuthUserListRequest.create(), options);
  }

  changePassword(
    name: string,
    password: string,
    options: WriteOptions = {},
  ): Promise<WithHeader<AuthUserChangePasswordResponse>> {
    const request = AuthUserChangePasswordRequest.create({ name, password });
    return this.#caller.write(methods.UserChangePassword, request, options);
  }

  grantRole(
    user: string,
    role: string,
    options: WriteOptions = {},
  ): Promise<WithHeader<AuthUserGrantRoleResponse>> {
    const request = AuthUserGrantRoleRequest.create({ user, role });
    return this.#caller.write(methods.UserGrantRole, request, options);
  }

  revokeRole(
    user: string,
    role: string,
    options: WriteOptions = {},
  ): Promise<WithHeader<AuthUserRevokeRoleResponse>> {
    const request = AuthUserRevokeRoleRequest.create({ name: user, role });
    return this.#caller.write(methods.UserRevokeRole, request, options);
  }

  addRole(name: string, options: WriteOptions = {}): Promise<WithHeader<AuthRoleAddResponse>> {
    return this.#caller.write(methods.RoleAdd, AuthRoleAddRequest.create({ name }), options);
  }

  deleteRole(
    role: string,
    options: WriteOptions = {},
  ): Promise<WithHeader<AuthRoleDeleteResponse>> {
    return this.#caller.write(methods.RoleDelete, AuthRoleDeleteRequest.create({ role }), options);
  }

  /** The permissions of a role. */
  role(role: string, options: RequestOptions = {}): Promise<WithHeader<AuthRoleGetResponse>> {
    return this.#caller.read(methods.RoleGet, AuthRoleGetRequest.create({ role }), options);
  }

  roles(options: RequestOptions = {}): Promise<WithHeader<AuthRoleListResponse>> {
    return this.#caller.read(methods.RoleList, AuthRoleListRequest.create(), options);
  }

  /** Has a role allow something over keys, in place of what it allowed over the very same. */
  grantPermission(
    role: string,
    access: Access,
    target: KeyTarget,
    options: WriteOptions = {},
  ): Promise<WithHeader<AuthRoleGrantPermissionResponse>> {
    const perm = { permType: permTypes[access], ...keyRange(target) };
    const request = AuthRoleGrantPermissionRequest.create({ name: role, perm });
    return this.#caller.write(methods.RoleGrantPermission, request, options);
  }

  revokePermission(
    role: string,
    target: KeyTarget,
    options: WriteOptions = {},
  ): Promise<WithHeader<AuthRoleRevokePermissionResponse>> {
    const request = AuthRoleRevokePermissionRequest.create({ role, ...keyRange(target) });
    return this.#caller.write(methods.RoleRevokePermission, request, options);
  }
}
