import type { CoreState } from './core-state.js';
import { confirmReads } from './leader-read-index.js';
import type { Leadership } from './leadership.js';
import type { Progress } from './progress.js';
import { maybeTellTransferee } from './transfer.js';
import type { Message } from './types.js';

/** Tells every member that this leader is alive. With lease reads every such round renews the lease. */
export function broadcastHeartbeat(state: CoreState, leadership: Leadership): void {
  if (state.config.reads === 'lease') leadership.reads.startRound(state.commit, state.ticks);
  for (const progress of leadership.list) {
    if (progress !== leadership.self) sendHeartbeat(state, leadership, progress);
  }
  // It may be its own quorum.
  confirmReads(state, leadership);
}

/** Asks the voters whether this leader still is the leader. */
export function broadcastReadRound(state: CoreState, leadership: Leadership): void {
  leadership.reads.startRound(state.commit, state.ticks);
  for (const progress of leadership.list) {
    if (leadership.isPeerVoter(progress)) sendHeartbeat(state, leadership, progress);
  }
  confirmReads(state, leadership);
}

function sendHeartbeat(state: CoreState, leadership: Leadership, progress: Progress): void {
  // Beyond its match the follower's log may differ, and a heartbeat does not verify it.
  const isVerified = !state.config.defects.has('commit-beyond-verified');
  state.outbox.send({
    kind: 'heartbeat',
    from: state.config.id,
    to: progress.id,
    term: state.term,
    commit: isVerified ? Math.min(progress.match, state.commit) : state.commit,
    readRound: leadership.reads.newestRound,
    wantsReply: wantsReply(state, leadership, progress),
  });
}

/**
 * An answer confirms reads, makes a leader repeat what may be lost, and keeps it in office (check-quorum): the last does not
 * take one for every heartbeat, as long as one that is lost can be asked for again in time.
 */
function wantsReply(state: CoreState, leadership: Leadership, progress: Progress): boolean {
  const silentTicks = state.ticks - progress.heardTick;
  return (
    silentTicks >= Math.floor(state.config.electionTicks / 3) ||
    progress.readRound < leadership.reads.newestRound ||
    progress.match < state.log.lastIndex ||
    progress.state !== 'replicate' ||
    progress.id === leadership.transferee
  );
}

/** A member's answer to a heartbeat. */
export function onHeartbeatReply(
  state: CoreState,
  leadership: Leadership,
  message: Extract<Message, { kind: 'heartbeat-reply' }>,
): void {
  const progress = leadership.peers.get(message.from);
  if (progress === undefined || progress === leadership.self) return;
  progress.heardTick = state.ticks;
  resume(state, leadership, progress);
  maybeTellTransferee(state, leadership, progress);
  if (message.readRound > progress.readRound && message.readRound <= leadership.reads.newestRound) {
    progress.readRound = message.readRound;
    confirmReads(state, leadership);
  }
}

/**
 * A member that answers but lacks entries may have lost appends: asks it again. Once a tick, however often read rounds
 * make it answer.
 */
function resume(state: CoreState, leadership: Leadership, progress: Progress): void {
  if (progress.match >= state.log.lastIndex || progress.resumedTick === state.ticks) return;
  progress.resumedTick = state.ticks;
  progress.isPaused = false;
  progress.isPokeDue = progress.state !== 'snapshot';
  leadership.isReplicationDue = true;
}
