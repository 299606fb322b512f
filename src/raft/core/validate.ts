import { noMember } from '../../base/ids.js';
import { isValidConfState } from './conf-state.js';
import type { Entry, Message } from './types.js';

/**
 * The gate for what peers say: true when a message is one that the core's code may trust in form. What it claims may
 * still be stale or wrong. Numbers are safe non-negative integers; entries follow `prevIndex` without a gap, their terms
 * never decrease and do not pass the message's.
 */
export function isWellFormed(message: Message): boolean {
  if (message.from === noMember || !isCount(message.term) || message.term === 0) return false;
  switch (message.kind) {
    case 'vote':
      return (
        isPosition(message.lastIndex, message.lastTerm) &&
        isPosition(message.commit, message.commitTerm) &&
        message.lastTerm <= message.term
      );
    case 'append':
      return (
        isPosition(message.prevIndex, message.prevTerm) &&
        isCount(message.commit) &&
        areEntriesWellFormed(message)
      );
    case 'append-reply':
      return isCount(message.index) && isCount(message.hintIndex) && isCount(message.hintTerm);
    case 'heartbeat':
      return isCount(message.commit) && isCount(message.readRound);
    case 'heartbeat-reply':
      return isCount(message.readRound);
    case 'snapshot':
      return isSnapshotWellFormed(message);
    case 'read-index':
      return isCount(message.requestId);
    case 'read-index-reply':
      return isCount(message.requestId) && isCount(message.index);
    case 'vote-reply':
      return isPosition(message.commit, message.commitTerm);
    case 'timeout-now':
      return true;
    default:
      // Of a kind that a later version may know.
      return false;
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** The beginning of the log, index 0, has term 0; nothing else has. */
function isPosition(index: number, term: number): boolean {
  return isCount(index) && isCount(term) && (index === 0) === (term === 0);
}

function areEntriesWellFormed(message: Extract<Message, { kind: 'append' }>): boolean {
  let index = message.prevIndex;
  let term = message.prevTerm;
  for (const entry of message.entries) {
    index++;
    if (entry.index !== index || !isEntryWellFormed(entry) || entry.term < term) return false;
    term = entry.term;
  }
  return term <= message.term && Number.isSafeInteger(index);
}

function isEntryWellFormed(entry: Entry): boolean {
  if (!isCount(entry.term) || entry.term === 0) return false;
  if (entry.kind !== 'normal' && entry.kind !== 'config') return false;
  return entry.data instanceof Uint8Array;
}

function isSnapshotWellFormed(message: Extract<Message, { kind: 'snapshot' }>): boolean {
  const { index, term, conf } = message.snapshot;
  if (index === 0 || !isPosition(index, term)) return false;
  return term <= message.term && isValidConfState(conf);
}
