import { implementService } from '../../rpc/implement.js';
import {
  RpcError,
  type ServiceImplementation,
  Status,
  type UnaryHandler,
} from '../../rpc/service.js';
import { Auth } from '../../wire/gen/etcdserverpb.js';
import { StoreError } from '../errors.js';
import type { ApiContext } from './context.js';
import { currentHeader } from './header.js';

/** The revision of etcd's auth store before anything was done to it. */
const initialAuthRevision = 1;

/** etcdserverpb.Auth of a store that has no authentication: it says so, and never pretends to have changed anything. */
export function authService(context: ApiContext): ServiceImplementation {
  const notOffered: UnaryHandler<unknown, never> = () => {
    throw new RpcError(
      Status.unimplemented,
      'flotilla: users, roles and authentication are not offered by this version; use TLS client certificates',
    );
  };
  return implementService(Auth, {
    AuthStatus: () => ({
      header: currentHeader(context),
      enabled: false,
      authRevision: initialAuthRevision,
    }),
    Authenticate() {
      throw new StoreError('auth-not-enabled');
    },
    AuthEnable: notOffered,
    AuthDisable: notOffered,
    UserAdd: notOffered,
    UserGet: notOffered,
    UserList: notOffered,
    UserDelete: notOffered,
    UserChangePassword: notOffered,
    UserGrantRole: notOffered,
    UserRevokeRole: notOffered,
    RoleAdd: notOffered,
    RoleGet: notOffered,
    RoleList: notOffered,
    RoleDelete: notOffered,
    RoleGrantPermission: notOffered,
    RoleRevokePermission: notOffered,
  });
}
