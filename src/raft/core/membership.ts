import { assert } from '../../base/assert.js';
import { emptyBytes } from '../../base/bytes.js';
import { noMember } from '../../base/ids.js';
import { applyConfChange, encodeConfChange, parseConfChange } from './conf-change.js';
import { isJoint } from './conf-state.js';
import type { CoreState } from './core-state.js';
import { broadcastHeartbeat } from './heartbeat.js';
import { confirmReads } from './leader-read-index.js';
import type { Leadership } from './leadership.js';
import { maybeCommit, replicate } from './replication.js';
import { becomeFollower } from './roles.js';
import { abortTransfer } from './transfer.js';
import type { ConfChange, ConfState, Entry, ProposeRefusal } from './types.js';

/** The change by which a joint configuration is left. */
export const leaveJointChange: ConfChange = { steps: [], joint: 'auto', context: emptyBytes };

/**
 * Why a membership change may not be appended now; null when it may. One at a time, and none before this leader has
 * committed in its term: otherwise two leaders could each commit a change that the other does not know of (Ongaro,
 * "bug in single-server membership changes", raft-dev, 2015).
 */
export function refuseConfChange(
  state: CoreState,
  leadership: Leadership,
  change: ConfChange,
): ProposeRefusal | null {
  if (state.commit < leadership.termStartIndex) return 'config-pending';
  if (leadership.pendingConfIndex > state.applied) return 'config-pending';
  return typeof applyConfChange(state.conf, change) === 'string' ? 'config-invalid' : null;
}

/**
 * The membership after a config entry, which is the next to be applied. It takes effect here, when applied, not when
 * appended. A change that does not fit, or cannot be read, is void: on every member, since all apply the same entries.
 */
export function applyConfEntry(state: CoreState, entry: Entry): ConfState {
  assert(entry.kind === 'config', `entry ${entry.index} is not a membership change`);
  assert(entry.index > state.applied);
  assert(entry.index <= state.handedOut);
  const change = parseConfChange(entry.data);
  const conf = change === null ? 'unreadable' : applyConfChange(state.conf, change);
  if (typeof conf === 'string') return state.conf;
  state.conf = conf;
  if (state.leadership !== null) leadByConf(state, state.leadership);
  return conf;
}

/** The leader goes on by the new membership, or steps down when it is no voter any more. */
function leadByConf(state: CoreState, leadership: Leadership): void {
  if (!state.isVoter) {
    // A last round: those who stay learn that the change is committed, and elect among themselves.
    replicate(state, leadership);
    broadcastHeartbeat(state, leadership);
    becomeFollower(state, state.term, noMember);
    return;
  }
  leadership.setConf(state.conf, { tick: state.ticks, next: state.log.lastIndex + 1 });
  leadership.isReplicationDue = true;
  if (!state.conf.voters.includes(leadership.transferee)) abortTransfer(leadership);
  // The quorum may have shrunk.
  maybeCommit(state, leadership);
  confirmReads(state, leadership);
}

/** The change that the leader itself proposes once a joint configuration is applied; null when there is none to make. */
export function dueLeave(state: CoreState, leadership: Leadership): Uint8Array | null {
  if (!isJoint(state.conf) || !state.conf.autoLeave) return null;
  if (leadership.transferee !== noMember) return null;
  if (refuseConfChange(state, leadership, leaveJointChange) !== null) return null;
  return encodeConfChange(leaveJointChange);
}
