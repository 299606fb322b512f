import type { ConfChange, CoreStatus, ProposeRefusal } from '../../raft/core/index.js';
import type { MemberReads } from '../contracts.js';

/** etcd makes a learner a voter once it has this share of the leader's log. */
const learnerReadyRatio = 0.9;

/**
 * Why the leader does not propose a membership change; null when it does. Who was removed never comes back
 * (`config-invalid`). A learner becomes a voter once it is heard of and has nearly all of the leader's log
 * (`learner-not-ready`): a voter that lags is no help to a quorum that counts on it.
 */
export function refuseConfChange(
  members: Pick<MemberReads, 'isRemoved'>,
  change: ConfChange,
  leader: CoreStatus,
): ProposeRefusal | null {
  for (const { kind, id } of change.steps) {
    if (kind === 'remove') continue;
    if (members.isRemoved(id)) return 'config-invalid';
    const isPromotion = kind === 'add-voter' && leader.conf.learners.includes(id);
    if (isPromotion && !isReady(leader, leader.progress.get(id))) return 'learner-not-ready';
  }
  return null;
}

type Progress = CoreStatus['progress'] extends ReadonlyMap<infer _Id, infer P> ? P : never;

function isReady(leader: CoreStatus, learner: Progress | undefined): boolean {
  if (learner?.recentlyActive !== true) return false;
  const ownMatch = leader.progress.get(leader.id)?.match ?? leader.lastIndex;
  return learner.match >= ownMatch * learnerReadyRatio;
}
