import { viewOf } from '../../base/bytes.js';
import { type MemberId, memberId } from '../../base/ids.js';
import { CodecError } from './errors.js';
import type { ConfState } from './types.js';

/** No members at all: what a member that is about to join starts with. */
export const emptyConfState: ConfState = {
  voters: [],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};

/** True between entering and leaving a joint configuration. */
export function isJoint(conf: ConfState): boolean {
  return conf.votersOutgoing.length > 0;
}

/** True when the member's vote counts, in either half of a joint configuration. */
export function isVoter(conf: ConfState, id: MemberId): boolean {
  return conf.voters.includes(id) || conf.votersOutgoing.includes(id);
}

/** Everybody that the leader replicates to: voters of both halves and learners. Sorted by id. */
export function membersOf(conf: ConfState): readonly MemberId[] {
  return sortedIds([...new Set([...conf.voters, ...conf.votersOutgoing, ...conf.learners])]);
}

/** A sorted copy. */
export function sortedIds(ids: readonly MemberId[]): readonly MemberId[] {
  return [...ids].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/**
 * Whether a membership obeys the invariants that {@link ConfState} promises: sorted lists without repetition or id 0; at
 * least one voter; nobody both voter and learner; `learnersNext` within the outgoing voters.
 */
export function isValidConfState(conf: ConfState): boolean {
  const { voters, votersOutgoing, learners, learnersNext } = conf;
  return (
    [voters, votersOutgoing, learners, learnersNext].every(isStrictlySorted) &&
    voters.length > 0 &&
    learners.every((id) => !voters.includes(id) && !votersOutgoing.includes(id)) &&
    learnersNext.every((id) => votersOutgoing.includes(id) && !voters.includes(id)) &&
    (!conf.autoLeave || votersOutgoing.length > 0)
  );
}

function isStrictlySorted(ids: readonly MemberId[]): boolean {
  return ids.every((id, at) => id > (ids[at - 1] ?? 0n));
}

const version = 1;
const headBytes = 2;
const autoLeaveFlag = 1;

/**
 * Encodes a membership: version (1 byte), flags (1 byte, bit 0: auto-leave), then voters, outgoing voters, learners and
 * next learners, each as a 4-byte count and 8-byte ids. Little-endian. The write-ahead log and the store keep this form.
 */
export function encodeConfState(conf: ConfState): Uint8Array {
  const lists = [conf.voters, conf.votersOutgoing, conf.learners, conf.learnersNext];
  const ids = lists.reduce((count, list) => count + list.length, 0);
  const bytes = new Uint8Array(headBytes + 4 * lists.length + 8 * ids);
  const view = viewOf(bytes);
  bytes[0] = version;
  bytes[1] = conf.autoLeave ? autoLeaveFlag : 0;
  let at = headBytes;
  for (const list of lists) {
    view.setUint32(at, list.length, true);
    at += 4;
    for (const id of list) {
      view.setBigUint64(at, id, true);
      at += 8;
    }
  }
  return bytes;
}

/**
 * Decodes what {@link encodeConfState} made. Throws {@link CodecError} `malformed-conf-state` on anything else; the empty
 * membership is well-formed, otherwise {@link isValidConfState} holds for the result.
 */
export function decodeConfState(bytes: Uint8Array): ConfState {
  const conf = parseConfState(bytes);
  if (conf === null) {
    throw new CodecError(
      'malformed-conf-state',
      `decode membership: ${bytes.length} bytes are not a valid membership; the data is damaged or from a newer version`,
    );
  }
  return conf;
}

function parseConfState(bytes: Uint8Array): ConfState | null {
  const flags = bytes[1];
  if (bytes[0] !== version || flags === undefined || flags > autoLeaveFlag) return null;
  const lists: MemberId[][] = [];
  let at = headBytes;
  for (let i = 0; i < 4; i++) {
    const list = readIds(bytes, at);
    if (list === null) return null;
    at += 4 + 8 * list.length;
    lists.push(list);
  }
  const [voters = [], votersOutgoing = [], learners = [], learnersNext = []] = lists;
  const conf = { voters, votersOutgoing, learners, learnersNext, autoLeave: flags !== 0 };
  const isEmpty = at === headBytes + 16 && flags === 0;
  return at === bytes.length && (isEmpty || isValidConfState(conf)) ? conf : null;
}

function readIds(bytes: Uint8Array, at: number): MemberId[] | null {
  if (at + 4 > bytes.length) return null;
  const view = viewOf(bytes);
  const count = view.getUint32(at, true);
  if (at + 4 + 8 * count > bytes.length) return null;
  const ids: MemberId[] = [];
  for (let i = 0; i < count; i++) ids.push(memberId(view.getBigUint64(at + 4 + 8 * i, true)));
  return ids;
}
