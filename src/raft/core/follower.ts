import type { CoreState } from './core-state.js';
import { hearLeader } from './roles.js';
import type { Entry, Index, Message } from './types.js';

/** The leader's append, of this member's term. */
export function onAppend(state: CoreState, message: Extract<Message, { kind: 'append' }>): void {
  hearLeader(state, message.from);
  const { log, commit } = state;
  // What is committed here is in the leader's log too, so the append may be read as starting there.
  const known = Math.max(0, commit - message.prevIndex);
  if (known > message.entries.length) {
    acceptUpTo(state, message, commit);
    return;
  }
  if (known === 0 && !log.matches(message.prevIndex, message.prevTerm)) {
    reject(state, message);
    return;
  }
  const lastKnown = message.entries[known - 1];
  // Only a sender that is not the leader it claims to be disagrees with what is committed.
  if (lastKnown !== undefined && !log.matches(lastKnown.index, lastKnown.term)) return;
  takeEntries(state, message.entries, known);
  const verified = message.prevIndex + message.entries.length;
  // This log may go on beyond what the message spoke of, with entries that the leader does not have.
  state.commitTo(Math.min(message.commit, verified));
  acceptUpTo(state, message, verified);
}

/**
 * Appends what is new. Only a conflict truncates, and from there only: a late message that repeats the beginning of what
 * is here already must not undo what came after (Raft dissertation, figure 3.1, AppendEntries steps 3 and 4).
 */
function takeEntries(state: CoreState, entries: readonly Entry[], known: number): void {
  const { log } = state;
  const isTruncatedAlways = state.config.defects.has('truncate-always');
  let at = known;
  while (!isTruncatedAlways && at < entries.length) {
    const entry = entries[at] as Entry;
    if (!log.matches(entry.index, entry.term)) break;
    at++;
  }
  const first = entries[at];
  if (first === undefined) return;
  if (first.index <= log.lastIndex) state.truncateLog(first.index);
  log.append(at === 0 ? entries : entries.slice(at));
}

function acceptUpTo(
  state: CoreState,
  message: Extract<Message, { kind: 'append' | 'snapshot' }>,
  index: Index,
): void {
  if (message.kind === 'append' && !message.wantsReply) return;
  state.outbox.send({
    kind: 'append-reply',
    from: state.config.id,
    to: message.from,
    term: state.term,
    index,
    rejected: false,
    hintIndex: 0,
    hintTerm: 0,
  });
}

/** Refuses an append whose predecessor is not here, and says where the logs may agree. */
function reject(state: CoreState, message: Extract<Message, { kind: 'append' }>): void {
  const { log } = state;
  const hintIndex = Math.max(
    state.commit,
    log.agreementBound(Math.min(message.prevIndex, log.lastIndex), message.prevTerm),
  );
  state.outbox.send({
    kind: 'append-reply',
    from: state.config.id,
    to: message.from,
    term: state.term,
    index: message.prevIndex,
    rejected: true,
    hintIndex,
    hintTerm: log.termAt(hintIndex) ?? 0,
  });
}

/** The leader's heartbeat, of this member's term. */
export function onHeartbeat(
  state: CoreState,
  message: Extract<Message, { kind: 'heartbeat' }>,
): void {
  hearLeader(state, message.from);
  state.commitTo(Math.min(message.commit, state.log.lastIndex));
  if (!message.wantsReply) return;
  state.outbox.send({
    kind: 'heartbeat-reply',
    from: state.config.id,
    to: message.from,
    term: state.term,
    readRound: message.readRound,
  });
}

/**
 * The leader's snapshot, of this member's term; the driver has its file, verified. Taken over unless the log says the
 * same already, or another is still being restored (the leader offers again).
 */
export function onSnapshot(
  state: CoreState,
  message: Extract<Message, { kind: 'snapshot' }>,
): void {
  hearLeader(state, message.from);
  const { snapshot } = message;
  if (snapshot.index <= state.commit) {
    acceptUpTo(state, message, state.commit);
    return;
  }
  if (state.log.matches(snapshot.index, snapshot.term)) {
    state.commitTo(snapshot.index);
    acceptUpTo(state, message, snapshot.index);
    return;
  }
  if (state.restoring !== null) return;
  state.log.reset(snapshot);
  state.durability.onSnapshot(snapshot.index);
  state.outbox.onTruncated(snapshot.index + 1);
  state.commit = snapshot.index;
  state.handedOut = snapshot.index;
  state.restoring = snapshot;
  state.unwrittenSnapshot = snapshot;
  acceptUpTo(state, message, snapshot.index);
}

/** Tells the sender of an earlier term that it is behind: a leader that was cut off steps down. */
export function correctStaleLeader(
  state: CoreState,
  message: Extract<Message, { kind: 'append' | 'heartbeat' | 'snapshot' }>,
): void {
  state.outbox.send({
    kind: 'append-reply',
    from: state.config.id,
    to: message.from,
    term: state.term,
    index: 0,
    rejected: false,
    hintIndex: 0,
    hintTerm: 0,
  });
}
