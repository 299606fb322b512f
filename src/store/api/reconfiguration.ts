import type { MemberId } from '../../base/ids.js';
import type { MemberRecord } from '../../wire/gen/store.js';
import { StoreError } from '../errors.js';

/**
 * Whether a membership change leaves a cluster that can go on (--strict-reconfig-check), by etcd's rules. A member counts
 * as started once it has published its name. Who is connected only the leader knows, which looks at that itself
 * (`member/admission.ts`).
 */
export interface ClusterView {
  readonly members: readonly MemberRecord[];
}

/** Throws `member-not-enough-started` when adding a member would risk the quorum. */
export function checkAdd(view: ClusterView, isLearner: boolean): void {
  if (isLearner) return;
  const voters = votersOf(view);
  const started = voters.filter(isStarted).length;
  // A cluster of one, restored from a snapshot, must be able to grow.
  const isRestored = started === 1 && voters.length === 1;
  if (!isRestored) checkQuorum(started, voters.length + 1);
}

/** Throws when removing the member would leave too few started ones. */
export function checkRemove(view: ClusterView, id: MemberId): void {
  const member = view.members.find((record) => record.id === id);
  if (member === undefined || member.isLearner) return;
  const voters = votersOf(view);
  const rest = voters.filter((record) => record.id !== id);
  if (rest.length === 0) throw new StoreError('member-not-enough-started');
  checkQuorum(rest.filter(isStarted).length, rest.length);
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
