import type { MemberId } from '../../base/ids.js';
import type { ConfChange, CoreStatus, ProposeRefusal } from '../../raft/core/index.js';
import type { MemberReads } from '../contracts.js';

/** etcd makes a learner a voter once it has this share of the leader's log. */
const learnerReadyRatio = 0.9;

/**
 * Why the leader does not propose a membership change; null when it does. Who was removed never comes back
 * (`config-invalid`). A learner becomes a voter once it is heard of and has nearly all of the leader's log
 * (`learner-not-ready`): a voter that lags is no help to a quorum that counts on it. A strict leader also makes no change
 * after which those that it hears of would be no majority (`quorum-at-risk`); wherever the change was asked for, only the leader
 * knows.
 */
export function refuseConfChange(
  members: Pick<MemberReads, 'isRemoved'>,
  change: ConfChange,
  leader: CoreStatus,
  options: { readonly isStrict: boolean },
): ProposeRefusal | null {
  for (const { kind, id } of change.steps) {
    if (kind === 'remove') {
      if (options.isStrict && !mayRemove(leader, id)) return 'quorum-at-risk';
      continue;
    }
    if (members.isRemoved(id)) return 'config-invalid';
    const isPromotion = kind === 'add-voter' && leader.conf.learners.includes(id);
    if (isPromotion && !isReady(leader, leader.progress.get(id))) return 'learner-not-ready';
    if (options.isStrict && !isKnown(leader, id) && !mayAdd(leader)) return 'quorum-at-risk';
  }
  return null;
}

type Progress = CoreStatus['progress'] extends ReadonlyMap<infer _Id, infer P> ? P : never;

function isReady(leader: CoreStatus, learner: Progress | undefined): boolean {
  if (learner?.recentlyActive !== true) return false;
  const ownMatch = leader.progress.get(leader.id)?.match ?? leader.lastIndex;
  return learner.match >= ownMatch * learnerReadyRatio;
}

function isKnown({ conf }: CoreStatus, id: MemberId): boolean {
  return conf.voters.includes(id) || conf.learners.includes(id);
}

/** By etcd's rule, a new member counts as one that is down, a learner as well. A cluster of one must be able to grow. */
function mayAdd(leader: CoreStatus): boolean {
  const { voters } = leader.conf;
  return voters.length === 1 || connected(leader, voters) >= quorumOf(voters.length + 1);
}

/** One that is down is no part of the quorum that is left: it may always go. */
function mayRemove(leader: CoreStatus, id: MemberId): boolean {
  const { voters } = leader.conf;
  if (!voters.includes(id) || !isConnected(leader, id)) return true;
  const rest = voters.filter((voter) => voter !== id);
  return connected(leader, rest) >= quorumOf(rest.length);
}

function connected(leader: CoreStatus, ids: readonly MemberId[]): number {
  return ids.filter((id) => isConnected(leader, id)).length;
}

function isConnected(leader: CoreStatus, id: MemberId): boolean {
  return id === leader.id || leader.progress.get(id)?.recentlyActive === true;
}

function quorumOf(voters: number): number {
  return Math.floor(voters / 2) + 1;
}
