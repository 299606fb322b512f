import { noMember } from '../../base/ids.js';
import type { CoreState } from './core-state.js';
import type { CoreStatus } from './types.js';

/** A copy of what the core believes; later changes do not show in it. */
export function coreStatus(state: CoreState): CoreStatus {
  const { log, leadership } = state;
  return {
    id: state.config.id,
    role: state.role,
    term: state.term,
    vote: state.vote,
    leader: state.leader,
    commit: state.commit,
    applied: state.applied,
    firstIndex: log.firstIndex,
    lastIndex: log.lastIndex,
    durableIndex: state.durability.durableIndex,
    conf: state.conf,
    transferee: leadership?.transferee ?? noMember,
    progress: progressOf(state),
  };
}

function progressOf(state: CoreState): CoreStatus['progress'] {
  const progress = new Map();
  for (const peer of state.leadership?.list ?? []) {
    const isSelf = peer === state.leadership?.self;
    progress.set(peer.id, {
      match: peer.match,
      next: peer.next,
      state: isSelf ? 'replicate' : peer.state,
      recentlyActive: isSelf || state.ticks - peer.heardTick < state.config.electionTicks,
      isLearner: peer.isLearner,
    });
  }
  return progress;
}
