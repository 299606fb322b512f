import type { MethodDescriptor } from '../../../wire/descriptor.js';
import {
  Auth,
  Cluster,
  KV,
  Lease,
  Maintenance,
  v3electionpb,
  v3lockpb,
  Watch,
} from '../../../wire/index.js';

const { Election } = v3electionpb;
const { Lock } = v3lockpb;

/** A method as the gateway calls it. */
export type GatewayMethod = MethodDescriptor<unknown, unknown>;

/**
 * The methods by the paths that etcd's gateway has them at. Of `RangeStream` there is none in etcd, and the one here is of our
 * own making; three of Lease have an older second one.
 */
export const gatewayPaths: ReadonlyMap<string, GatewayMethod> = new Map<string, GatewayMethod>([
  ['/v3/kv/range', KV.methods.Range],
  ['/v3/kv/rangestream', KV.methods.RangeStream],
  ['/v3/kv/put', KV.methods.Put],
  ['/v3/kv/deleterange', KV.methods.DeleteRange],
  ['/v3/kv/txn', KV.methods.Txn],
  ['/v3/kv/compaction', KV.methods.Compact],
  ['/v3/watch', Watch.methods.Watch],
  ['/v3/lease/grant', Lease.methods.LeaseGrant],
  ['/v3/lease/revoke', Lease.methods.LeaseRevoke],
  ['/v3/kv/lease/revoke', Lease.methods.LeaseRevoke],
  ['/v3/lease/keepalive', Lease.methods.LeaseKeepAlive],
  ['/v3/lease/timetolive', Lease.methods.LeaseTimeToLive],
  ['/v3/kv/lease/timetolive', Lease.methods.LeaseTimeToLive],
  ['/v3/lease/leases', Lease.methods.LeaseLeases],
  ['/v3/kv/lease/leases', Lease.methods.LeaseLeases],
  ['/v3/cluster/member/add', Cluster.methods.MemberAdd],
  ['/v3/cluster/member/remove', Cluster.methods.MemberRemove],
  ['/v3/cluster/member/update', Cluster.methods.MemberUpdate],
  ['/v3/cluster/member/list', Cluster.methods.MemberList],
  ['/v3/cluster/member/promote', Cluster.methods.MemberPromote],
  ['/v3/maintenance/alarm', Maintenance.methods.Alarm],
  ['/v3/maintenance/status', Maintenance.methods.Status],
  ['/v3/maintenance/defragment', Maintenance.methods.Defragment],
  ['/v3/maintenance/hash', Maintenance.methods.Hash],
  ['/v3/maintenance/hashkv', Maintenance.methods.HashKV],
  ['/v3/maintenance/snapshot', Maintenance.methods.Snapshot],
  ['/v3/maintenance/transfer-leadership', Maintenance.methods.MoveLeader],
  ['/v3/maintenance/downgrade', Maintenance.methods.Downgrade],
  ['/v3/auth/enable', Auth.methods.AuthEnable],
  ['/v3/auth/disable', Auth.methods.AuthDisable],
  ['/v3/auth/status', Auth.methods.AuthStatus],
  ['/v3/auth/authenticate', Auth.methods.Authenticate],
  ['/v3/auth/user/add', Auth.methods.UserAdd],
  ['/v3/auth/user/get', Auth.methods.UserGet],
  ['/v3/auth/user/list', Auth.methods.UserList],
  ['/v3/auth/user/delete', Auth.methods.UserDelete],
  ['/v3/auth/user/changepw', Auth.methods.UserChangePassword],
  ['/v3/auth/user/grant', Auth.methods.UserGrantRole],
  ['/v3/auth/user/revoke', Auth.methods.UserRevokeRole],
  ['/v3/auth/role/add', Auth.methods.RoleAdd],
  ['/v3/auth/role/get', Auth.methods.RoleGet],
  ['/v3/auth/role/list', Auth.methods.RoleList],
  ['/v3/auth/role/delete', Auth.methods.RoleDelete],
  ['/v3/auth/role/grant', Auth.methods.RoleGrantPermission],
  ['/v3/auth/role/revoke', Auth.methods.RoleRevokePermission],
  ['/v3/lock/lock', Lock.methods.Lock],
  ['/v3/lock/unlock', Lock.methods.Unlock],
  ['/v3/election/campaign', Election.methods.Campaign],
  ['/v3/election/proclaim', Election.methods.Proclaim],
  ['/v3/election/leader', Election.methods.Leader],
  ['/v3/election/observe', Election.methods.Observe],
  ['/v3/election/resign', Election.methods.Resign],
]);
