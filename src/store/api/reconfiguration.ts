import type { MemberId } from '../../base/ids.js';
import { memberId } from '../../base/ids.js';
import type { CoreStatus } from '../../raft/core/types.js';
import type { MemberRecord } from '../../wire/gen/store.js';
import { StoreError } from '../errors.js';

/**
 * Whether a membership change leaves a cluster that can go on (--strict-reconfig-check), by etcd's rules. A member counts
 * as started once it has published its name. Who is connected only the leader knows; elsewhere that part is left to it.
 */
export interface ClusterView {
  readonly members: readonly MemberRecord[];
  readonly raft: CoreStatus;
}

/** Throws `member-not-enough-started` or `unhealthy` when adding a member would risk the quorum. */
export function checkAdd(view: ClusterView, isLearner: boolean): void {
  const voters = votersOf(view);
  if (!isLearner) {
    const started = voters.filter(isStarted).length;
    // A cluster of one, restored from a snapshot, must be able to grow.
    const isRestored = started === 1 && voters.length === 1;
    if (!isRestored) checkQuorum(started, voters.length + 1);
  }
  if (connected(view, voters) < voters.length) throw new StoreError('unhealthy');
}

/** Throws when removing the member would leave too few started or connected ones. */
export function checkRemove(view: ClusterView, id: MemberId): void {
  const member = view.members.find((record) => record.id === id);
  if (member === undefined || member.isLearner) return;
  const voters = votersOf(view);
  const rest = voters.filter((record) => record.id !== id);
  if (rest.length === 0) throw new StoreError('member-not-enough-started');
  checkQuorum(rest.filter(isStarted).length, rest.length);
  // A member that is down is no part of the active quorum: removing it is safe.
  if (!isConnected(view, id)) return;
  if (connected(view, rest) < quorumOf(rest.length)) throw new StoreError('unhealthy');
}

/** Throws when one voter more would risk the quorum. Whether the learner has caught up is left to the leader. */
export function checkPromote(view: ClusterView): void {
  const voters = votersOf(view);
  checkQuorum(voters.filter(isStarted).length + 1, voters.length + 1);
}

function checkQuorum(started: number, voters: number): void {
  if (started < quorumOf(voters)) throw new StoreError('member-not-enough-started');
}

function quorumOf(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

function votersOf(view: ClusterView): MemberRecord[] {
  return view.members.filter((record) => !record.isLearner);
}

function isStarted(record: MemberRecord): boolean {
  return record.name !== '';
}

function connected(view: ClusterView, records: readonly MemberRecord[]): number {
  return records.filter((record) => isConnected(view, memberId(record.id))).length;
}

function isConnected({ raft }: ClusterView, id: MemberId): boolean {
  if (raft.role !== 'leader' || id === raft.id) return true;
  return raft.progress.get(id)?.recentlyActive ?? false;
}
