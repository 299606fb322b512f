import type { Disk } from '../../base/disk.js';
import { clusterVersionOf } from '../api/cluster-version.js';
import type { ApiContext } from '../api/context.js';
import { type Backup, makeBackup } from '../backup/backup.js';

/** A backup of what a member has applied, made on this disk. */
export function backupOf(member: Omit<ApiContext, 'backup'>, disk: Disk): Promise<Backup> {
  const { conf, term } = member.raft();
  return makeBackup(disk, member.prng.uint64().toString(16), {
    mvcc: member.mvcc,
    leases: member.leases,
    members: member.members,
    users: member.auth.users,
    alarms: member.alarms(),
    conf,
    appliedIndex: member.appliedIndex(),
    term,
    clusterVersion: clusterVersionOf(member.version.etcd),
  });
}
