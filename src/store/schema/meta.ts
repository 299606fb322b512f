import { assert } from '../../base/assert.js';
import { type MemberId, memberId } from '../../base/ids.js';
import type { ConfState, Index, Term } from '../../raft/core/types.js';
import { StoreDataError } from './errors.js';
import { getUint64, putUint64 } from './keys.js';

/** The value of `m/format`. */
export const formatText = 'flotilla store 2';

/** Length of an encoded {@link AppliedRecord}. */
export const appliedBytes = 32;

/** How far the log is in this database, and what that came to: the value of `m/applied`, and of a pack's trailer. */
export interface AppliedRecord {
  readonly index: Index;
  readonly term: Term;
  /** Current revision of the multi-version store; at least 1. */
  readonly revision: number;
  /** Running hash of the applied state, 64 bits. */
  readonly hash: bigint;
}

/** Whether users and roles count, and their revision: the value of `m/auth`. Without one there never was a user or a role. */
export interface AuthRecord {
  readonly isEnabled: boolean;
  /** At least 1. */
  readonly revision: number;
}

/** The membership before the first one is known. */
export const emptyConf: ConfState = {
  voters: [],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};

export function encodeApplied(record: AppliedRecord): Uint8Array {
  const bytes = new Uint8Array(appliedBytes);
  putUint64(bytes, 0, record.index);
  putUint64(bytes, 8, record.term);
  putUint64(bytes, 16, record.revision);
  new DataView(bytes.buffer).setBigUint64(24, record.hash);
  return bytes;
}

/** Throws {@link StoreDataError} `damaged`. */
export function decodeApplied(bytes: Uint8Array): AppliedRecord {
  if (bytes.length !== appliedBytes) throw damaged('m/applied');
  return {
    index: safe(getUint64(bytes, 0), 'm/applied'),
    term: safe(getUint64(bytes, 8), 'm/applied'),
    revision: safe(getUint64(bytes, 16), 'm/applied'),
    hash: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(24),
  };
}

/** Encodes a counter that is a value of its own. */
export function encodeCounter(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  putUint64(bytes, 0, value);
  return bytes;
}

/** Throws {@link StoreDataError} `damaged`; `name` is the key's. */
export function decodeCounter(bytes: Uint8Array, name: string): number {
  if (bytes.length !== 8) throw damaged(name);
  return safe(getUint64(bytes, 0), name);
}

export function encodeAuth({ isEnabled, revision }: AuthRecord): Uint8Array {
  const bytes = new Uint8Array(9);
  bytes[0] = isEnabled ? 1 : 0;
  putUint64(bytes, 1, revision);
  return bytes;
}

/** Throws {@link StoreDataError} `damaged`. */
export function decodeAuth(bytes: Uint8Array): AuthRecord {
  if (bytes.length !== 9) throw damaged('m/auth');
  return { isEnabled: bytes[0] === 1, revision: safe(getUint64(bytes, 1), 'm/auth') };
}

export function encodeClusterId(id: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, id);
  return bytes;
}

/** Throws {@link StoreDataError} `damaged`. */
export function decodeClusterId(bytes: Uint8Array): bigint {
  if (bytes.length !== 8) throw damaged('m/cluster');
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0);
}

export function encodeConf(conf: ConfState): Uint8Array {
  const lists = [conf.voters, conf.votersOutgoing, conf.learners, conf.learnersNext];
  const ids = lists.reduce((sum, list) => sum + list.length, 0);
  const bytes = new Uint8Array(1 + 8 * (lists.length + ids));
  const view = new DataView(bytes.buffer);
  bytes[0] = conf.autoLeave ? 1 : 0;
  let at = 1;
  for (const list of lists) {
    putUint64(bytes, at, list.length);
    at += 8;
    for (const id of list) {
      view.setBigUint64(at, id);
      at += 8;
    }
  }
  assert(at === bytes.length);
  return bytes;
}

/** Throws {@link StoreDataError} `damaged`. */
export function decodeConf(bytes: Uint8Array): ConfState {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 1;
  const list = (): MemberId[] => {
    if (at + 8 > bytes.length) throw damaged('m/conf');
    const count = getUint64(bytes, at);
    at += 8;
    if (count > (bytes.length - at) / 8) throw damaged('m/conf');
    return Array.from({ length: count }, () => {
      at += 8;
      return memberId(view.getBigUint64(at - 8));
    });
  };
  const voters = list();
  const votersOutgoing = list();
  const learners = list();
  const learnersNext = list();
  if (at !== bytes.length) throw damaged('m/conf');
  return { voters, votersOutgoing, learners, learnersNext, autoLeave: bytes[0] === 1 };
}

/** The error for a record that makes no sense. */
export function damaged(name: string, options?: ErrorOptions): StoreDataError {
  return new StoreDataError(
    'damaged',
    `the database's record '${name}' is damaged: move the member's 'db' folder away and start again, ` +
      'and its state is rebuilt from the other members',
    options,
  );
}

function safe(value: number, name: string): number {
  if (!Number.isSafeInteger(value)) throw damaged(name);
  return value;
}
