import { assert } from '../../base/assert.js';
import type { CoreState } from './core-state.js';
import { forwardReads } from './follower-read-index.js';
import { broadcastReadRound } from './heartbeat.js';
import { noEntries } from './raft-log.js';
import { replicate } from './replication.js';
import type { DurableWrite, Entry, Message, Ready } from './types.js';

const noReads: Ready['reads'] = Object.freeze([]);

/** Whether {@link takeReady} may have something to hand out. */
export function hasReady(state: CoreState): boolean {
  return (
    !state.outbox.isEmpty ||
    hasUnwritten(state) ||
    nextCommitted(state) <= state.commit ||
    state.readsDone.length > 0 ||
    state.isSnapshotWanted ||
    state.forwardedReads.hasFresh ||
    (state.leadership !== null &&
      (state.leadership.isReplicationDue || state.leadership.reads.fresh.length > 0))
  );
}

/**
 * Hands out everything that is due. What the batch of inputs since the last time gave rise to is put together here: one
 * append a follower, one round for all reads, one write.
 */
export function takeReady(state: CoreState): Ready {
  const { leadership } = state;
  if (leadership !== null) {
    if (leadership.reads.fresh.length > 0) broadcastReadRound(state, leadership);
    if (leadership.isReplicationDue) replicate(state, leadership);
  } else {
    forwardReads(state);
  }
  const write = takeWrite(state);
  const messages = state.outbox.takeNow();
  const committed = takeCommitted(state);
  const reads = state.readsDone.length === 0 ? noReads : state.readsDone;
  if (reads !== noReads) state.readsDone = [];
  const snapshotWanted = state.isSnapshotWanted;
  state.isSnapshotWanted = false;
  return { messages, write, committed, reads, snapshotWanted };
}

function hasUnwritten(state: CoreState): boolean {
  const { durability, log } = state;
  return (
    durability.isVoteUnwritten ||
    durability.writtenIndex < log.lastIndex ||
    state.unwrittenSnapshot !== null
  );
}

function takeWrite(state: CoreState): DurableWrite | null {
  const { durability, log, outbox } = state;
  const messages = outbox.takeAfterWrite();
  if (hasUnwritten(state)) return startWrite(state, messages);
  if (messages.length === 0) return null;
  if (!durability.isIdle) return startWrite(state, messages);
  // Everything is durable since these were queued.
  assert(durability.durableIndex === log.lastIndex || state.config.defects.size > 0);
  for (const message of messages) outbox.send(message);
  return null;
}

function startWrite(state: CoreState, messages: readonly Message[]): DurableWrite {
  const { durability, log } = state;
  const first = durability.writtenIndex + 1;
  const entries = first > log.lastIndex ? noEntries : sliceAll(state, first);
  const snapshot = state.unwrittenSnapshot;
  state.unwrittenSnapshot = null;
  // The commit index is a hint: it rides along, but is no reason for a write of its own.
  const isWorthIt = durability.isVoteUnwritten || entries.length > 0 || snapshot !== null;
  const hardState =
    durability.isVoteUnwritten || (isWorthIt && state.commit !== state.writtenCommit)
      ? state.hardState
      : null;
  if (hardState !== null) state.writtenCommit = hardState.commit;
  return {
    sequence: durability.startWrite(log.lastIndex),
    hardState,
    entries,
    snapshot,
    messages,
  };
}

function sliceAll(state: CoreState, first: number): readonly Entry[] {
  return state.log.slice(first, state.log.lastIndex, Number.POSITIVE_INFINITY);
}

/** The first entry to hand out next; beyond the commit index while there is none, or a snapshot is being restored. */
function nextCommitted(state: CoreState): number {
  return state.restoring === null ? state.handedOut + 1 : Number.POSITIVE_INFINITY;
}

function takeCommitted(state: CoreState): readonly Entry[] {
  const from = nextCommitted(state);
  if (from > state.commit) return noEntries;
  const entries = state.log.slice(from, state.commit, state.config.committedBytesMax);
  state.handedOut += entries.length;
  return entries;
}
