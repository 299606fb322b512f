import { assert } from '../../base/assert.js';
import { type EntryRoom, type RoomyData, stampEntry } from '../wal/index.js';

/**
 * Every proposal is wrapped in an envelope that names who waits for it: the proposer's session (one incarnation of one
 * member) and the proposal's number in it. 16 bytes: session, then number, both big-endian.
 */
export const envelopeBytes = 16;

const twoTo32 = 0x1_0000_0000;
/** In the head of what is not in a leader's log yet; so it is forwarded. */
export const unknownTerm = 0;

/** A session as it stands in envelopes: its two halves. */
export interface SessionWords {
  readonly high: number;
  readonly low: number;
}

/** The halves of a session. */
export function sessionWords(session: bigint): SessionWords {
  return { high: Number(session >> 32n), low: Number(session & 0xffff_ffffn) };
}

/** The session and number of one proposal. */
export interface ProposalName {
  readonly session: bigint;
  readonly number: number;
}

/** Wraps `payload`, with the byte `tag` before it, in memory from which the log and the wire write it. */
export function seal(
  room: EntryRoom,
  session: SessionWords,
  number: number,
  tag: number,
  payload: Uint8Array,
): RoomyData {
  const sealed = room.allocate(envelopeBytes + 1 + payload.length);
  setName(sealed, session, number);
  sealed[envelopeBytes] = tag;
  sealed.set(payload, envelopeBytes + 1);
  stampEntry(sealed, unknownTerm, 'normal');
  return sealed;
}

/** Wraps the context of a membership change. */
export function sealContext(
  session: SessionWords,
  number: number,
  context: Uint8Array,
): Uint8Array {
  const sealed = new Uint8Array(envelopeBytes + context.length);
  setName(sealed, session, number);
  sealed.set(context, envelopeBytes);
  return sealed;
}

function setName(sealed: Uint8Array, session: SessionWords, number: number): void {
  assert(Number.isSafeInteger(number) && number >= 0, 'proposal number out of range');
  setWord(sealed, 0, session.high);
  setWord(sealed, 4, session.low);
  setWord(sealed, 8, Math.floor(number / twoTo32));
  setWord(sealed, 12, number % twoTo32);
}

/** Recognises the envelopes of one session, without an object for each. */
export class EnvelopeReader {
  readonly #session: SessionWords;

  constructor(session: bigint) {
    this.#session = sessionWords(session);
  }

  /** The number of the proposal when it is of this session; 0 otherwise. */
  numberIn(data: Uint8Array): number {
    if (data.length < envelopeBytes) return 0;
    const { high, low } = this.#session;
    if (word(data, 4) !== low || word(data, 0) !== high) return 0;
    return word(data, 8) * twoTo32 + word(data, 12);
  }
}

/** The proposal's own data (a view, not a copy); `data` itself when it has no envelope. */
export function payloadOf(data: Uint8Array): Uint8Array {
  return data.length < envelopeBytes ? data : data.subarray(envelopeBytes);
}

/** Who proposed. Undefined when `data` is no envelope. */
export function nameOf(data: Uint8Array): ProposalName | undefined {
  if (data.length < envelopeBytes) return undefined;
  return {
    session: (BigInt(word(data, 0)) << 32n) | BigInt(word(data, 4)),
    number: word(data, 8) * twoTo32 + word(data, 12),
  };
}

function setWord(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

function word(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}
