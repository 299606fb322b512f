import { emptyBytes } from '../../../src/base/bytes.js';
import { memberId } from '../../../src/base/ids.js';
import type { Entry, Message } from '../../../src/raft/core/index.js';

type Of<Kind extends Message['kind']> = Extract<Message, { kind: Kind }>;

/** Where a message goes, and the fields that matter to a test. */
type Fields<Kind extends Message['kind']> = Partial<Omit<Of<Kind>, 'from' | 'to' | 'kind'>>;

/** `1->2` as the ids of a message. */
function route(fromTo: string) {
  const [from = '', to = ''] = fromTo.split('->');
  return { from: memberId(BigInt(from)), to: memberId(BigInt(to)), term: 1 };
}

/** A message with everything a test does not care for left at zero. */
export function vote(fromTo: string, fields: Fields<'vote'>): Message {
  const zeros = {
    lastIndex: 0,
    lastTerm: 0,
    commit: 0,
    commitTerm: 0,
    pre: false,
    transfer: false,
  };
  return { kind: 'vote', ...route(fromTo), ...zeros, ...fields };
}

export function voteReply(fromTo: string, fields: Fields<'vote-reply'>): Message {
  const zeros = { commit: 0, commitTerm: 0, pre: false, granted: true };
  return { kind: 'vote-reply', ...route(fromTo), ...zeros, ...fields };
}

export function append(fromTo: string, fields: Fields<'append'>): Message {
  const zeros = { prevIndex: 0, prevTerm: 0, commit: 0, entries: [], wantsReply: true };
  return { kind: 'append', ...route(fromTo), ...zeros, ...fields };
}

export function appendReply(fromTo: string, fields: Fields<'append-reply'>): Message {
  const zeros = { index: 0, rejected: false, hintIndex: 0, hintTerm: 0 };
  return { kind: 'append-reply', ...route(fromTo), ...zeros, ...fields };
}

export function heartbeat(fromTo: string, fields: Fields<'heartbeat'>): Message {
  return {
    kind: 'heartbeat',
    ...route(fromTo),
    commit: 0,
    readRound: 0,
    wantsReply: true,
    ...fields,
  };
}

export function heartbeatReply(fromTo: string, fields: Fields<'heartbeat-reply'>): Message {
  return { kind: 'heartbeat-reply', ...route(fromTo), readRound: 0, ...fields };
}

export function timeoutNow(fromTo: string, fields: Fields<'timeout-now'>): Message {
  return { kind: 'timeout-now', ...route(fromTo), ...fields };
}

/** Entries from an index on, by their terms. */
export function entriesFrom(index: number, ...terms: number[]): Entry[] {
  return terms.map((term, i) => ({ term, index: index + i, kind: 'normal', data: emptyBytes }));
}
