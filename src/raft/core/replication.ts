import { assert } from '../../base/assert.js';
import type { CoreState } from './core-state.js';
import { admitHeldReads } from './leader-read-index.js';
import type { Leadership } from './leadership.js';
import type { Progress } from './progress.js';
import { entryBytes, noEntries } from './raft-log.js';
import { maybeTellTransferee } from './transfer.js';
import type { Entry, EntryKind, Index, Message } from './types.js';

/** Appends to the leader's own log; followers get the entries with the next `ready`. Returns the first one's index. */
export function appendOwn(
  state: CoreState,
  leadership: Leadership,
  kind: EntryKind,
  batch: readonly Uint8Array[],
): Index {
  const { term } = state;
  const firstIndex = state.log.lastIndex + 1;
  const entries: Entry[] = [];
  let index = firstIndex;
  for (const data of batch) {
    entries.push({ term, index: index++, kind, data });
    leadership.uncommittedBytes += data.length;
  }
  state.log.append(entries);
  leadership.isReplicationDue = true;
  acknowledgeOwn(state, leadership);
  return firstIndex;
}

/**
 * The leader counts itself for what is on its own disk, as it counts a follower (Raft dissertation 10.2.1). Called when
 * that, or its log, has grown.
 */
export function acknowledgeOwn(state: CoreState, leadership: Leadership): void {
  const { self } = leadership;
  if (self === null) return;
  const isHasty = state.config.defects.has('self-ack-before-durable');
  const index = isHasty ? state.log.lastIndex : state.durability.durableIndex;
  if (index <= self.match) return;
  self.match = index;
  self.next = index + 1;
  maybeCommit(state, leadership);
}

/**
 * Commits what a quorum has. Only an entry of the leader's own term is committed by counting; those before it follow
 * (Raft dissertation 3.6.2, figure 3.7).
 */
export function maybeCommit(state: CoreState, leadership: Leadership): void {
  const index = leadership.quorumMatch();
  if (index <= state.commit) return;
  const isOldTermFine = state.config.defects.has('commit-old-term-by-count');
  if (index < leadership.termStartIndex && !isOldTermFine) return;
  leadership.uncommittedBytes -= state.log.dataBytes(state.commit + 1, index);
  assert(leadership.uncommittedBytes >= 0);
  state.commitTo(index);
  leadership.isReplicationDue = true;
  admitHeldReads(state, leadership);
}

/** Sends every follower what it may be sent now. */
export function replicate(state: CoreState, leadership: Leadership): void {
  leadership.isReplicationDue = false;
  for (const progress of leadership.list) {
    if (progress !== leadership.self) replicateTo(state, progress);
  }
}

function replicateTo(state: CoreState, progress: Progress): void {
  while (progress.state !== 'snapshot' && !progress.isPaused) {
    if (progress.next <= state.log.baseIndex) {
      offerSnapshot(state, progress);
      return;
    }
    const hasRoom = !progress.inflights.isFull;
    const hasEntries = hasRoom && progress.next <= state.log.lastIndex;
    const hasCommit = Math.min(state.commit, progress.next - 1) > progress.sentCommit;
    if (!hasEntries && !hasCommit && !progress.isPokeDue) return;
    sendAppend(state, progress, hasEntries);
  }
}

function sendAppend(state: CoreState, progress: Progress, hasEntries: boolean): void {
  const { log, config } = state;
  const prevIndex = progress.next - 1;
  const prevTerm = log.termAt(prevIndex);
  assert(prevTerm !== undefined, `entry ${prevIndex} is not in the log`);
  const entries = hasEntries
    ? log.slice(progress.next, log.lastIndex, config.messageBytesMax)
    : noEntries;
  state.outbox.send({
    kind: 'append',
    from: config.id,
    to: progress.id,
    term: state.term,
    prevIndex,
    prevTerm,
    commit: state.commit,
    entries,
    wantsReply: hasEntries || progress.isPokeDue || progress.state === 'probe',
  });
  let bytes = 0;
  for (const entry of entries) bytes += entryBytes(entry);
  progress.onSent(prevIndex + entries.length, bytes, state.commit);
}

/** The follower needs entries that the log has no more: offers it a snapshot, or asks for one to be made. */
function offerSnapshot(state: CoreState, progress: Progress): void {
  const { available } = state;
  // To one that is silent it would be lost, and made in vain.
  if (state.ticks - progress.heardTick >= state.config.electionTicks) return;
  if (available === null || available.index < state.log.baseIndex) {
    if (!state.isSnapshotRequested) state.isSnapshotWanted = true;
    state.isSnapshotRequested = true;
    return;
  }
  state.outbox.send({
    kind: 'snapshot',
    from: state.config.id,
    to: progress.id,
    term: state.term,
    snapshot: available,
  });
  progress.becomeSnapshot(available.index, state.ticks);
}

/** Offers again what was offered an election timeout ago without an answer: it may be lost, or newer by now. */
export function repeatSnapshotOffers(state: CoreState, leadership: Leadership): void {
  for (const progress of leadership.list) {
    if (progress.state !== 'snapshot') continue;
    if (state.ticks - progress.snapshotTick < state.config.electionTicks) continue;
    progress.snapshotTick = state.ticks;
    offerSnapshot(state, progress);
  }
}

/** A member's answer to an append or a snapshot. */
export function onAppendReply(
  state: CoreState,
  leadership: Leadership,
  message: Extract<Message, { kind: 'append-reply' }>,
): void {
  const progress = leadership.peers.get(message.from);
  if (progress === undefined || progress === leadership.self) return;
  progress.heardTick = state.ticks;
  // Nobody can have more than this leader, nor refuse what it never sent.
  if (message.index > state.log.lastIndex) return;
  leadership.isReplicationDue = true;
  if (message.rejected) {
    // Of the follower's hint the leader skips on its own what cannot agree: a round trip a term, not an entry.
    const hint = state.log.agreementBound(message.hintIndex, message.hintTerm);
    progress.onRejected(message.index, hint);
    return;
  }
  if (!progress.onAccepted(message.index)) return;
  maybeLeaveSnapshot(state, progress);
  maybeCommit(state, leadership);
  maybeTellTransferee(state, leadership, progress);
}

/** Goes on from the log once the follower has what precedes it, from the snapshot or otherwise. */
function maybeLeaveSnapshot(state: CoreState, progress: Progress): void {
  if (progress.state !== 'snapshot') return;
  if (progress.match >= state.log.baseIndex) progress.becomeReplicate();
  else if (progress.match >= progress.snapshotIndex) progress.becomeProbe();
}
