import type { DbRange } from '../../base/ordered-db.js';

/** Every key of the database (docs/internals/data-layout.md). Integers in keys are 64 bits, big-endian. */

const space = {
  alarm: 0x61,
  dead: 0x64,
  lease: 0x6c,
  member: 0x6e,
  role: 0x6f,
  revision: 0x72,
  user: 0x75,
  removed: 0x78,
} as const;

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The keys of which there is one per store. */
export const metaKey = {
  applied: ascii('m/applied'),
  auth: ascii('m/auth'),
  cluster: ascii('m/cluster'),
  compactFinished: ascii('m/compact-finished'),
  compactScheduled: ascii('m/compact-scheduled'),
  conf: ascii('m/conf'),
  format: ascii('m/format'),
} as const;

/** Everything in the database. */
export const allKeys: DbRange = { gte: new Uint8Array(0), lt: new Uint8Array([0xff]) };

/** All `m/` keys. */
export const metaKeys: DbRange = { gte: ascii('m/'), lt: ascii('m0') };
export const alarmKeys: DbRange = spaceRange(space.alarm);
export const leaseKeys: DbRange = spaceRange(space.lease);
export const memberKeys: DbRange = spaceRange(space.member);
export const authUserKeys: DbRange = spaceRange(space.user);
export const authRoleKeys: DbRange = spaceRange(space.role);
export const removedMemberKeys: DbRange = spaceRange(space.removed);

/** Length of a pack's key. */
export const packKeyBytes = 17;

/** Key of the pack that begins with change `sub` of revision `main`. Both are safe non-negative integers. */
export function packKey(main: number, sub: number): Uint8Array {
  return revisionKey(space.revision, main, sub);
}

/** Key of the bits that say which records of the pack are deleted. */
export function deadKey(main: number, sub: number): Uint8Array {
  return revisionKey(space.dead, main, sub);
}

/** The main and sub revision of a pack's key, or of its dead bits'. */
export function parsePackKey(key: Uint8Array): { main: number; sub: number } {
  return { main: getUint64(key, 1), sub: getUint64(key, 9) };
}

/** Packs that begin at or after change `sub` of revision `main` and before revision `to`. */
export function packKeys(main: number, sub: number, to: number): DbRange {
  return { gte: packKey(main, sub), lt: packKey(to, 0) };
}

/** Every pack. */
export const allPackKeys: DbRange = spaceRange(space.revision);
/** The dead bits of all packs that have any. */
export const allDeadKeys: DbRange = spaceRange(space.dead);

export function leaseKey(id: bigint): Uint8Array {
  return idKey(space.lease, id);
}

export function memberKey(id: bigint): Uint8Array {
  return idKey(space.member, id);
}

export function removedMemberKey(id: bigint): Uint8Array {
  return idKey(space.removed, id);
}

/** The id in a removed member's key. */
export function parseRemovedMemberKey(key: Uint8Array): bigint {
  return new DataView(key.buffer, key.byteOffset, key.byteLength).getBigUint64(1);
}

/** `name` is UTF-8, as in all the API. */
export function authUserKey(name: Uint8Array): Uint8Array {
  return nameKey(space.user, name);
}

export function authRoleKey(name: Uint8Array): Uint8Array {
  return nameKey(space.role, name);
}

export function alarmKey(member: bigint, alarm: number): Uint8Array {
  const key = new Uint8Array(17);
  key.set(idKey(space.alarm, member));
  putUint64(key, 9, alarm);
  return key;
}

/** Writes a safe non-negative integer as 64 bits, big-endian. */
export function putUint64(bytes: Uint8Array, offset: number, value: number): void {
  putWord(bytes, offset, Math.floor(value / 0x1_0000_0000));
  putWord(bytes, offset + 4, value % 0x1_0000_0000);
}

/** Reads 64 bits, big-endian; 2^53 and above come out inexact. */
export function getUint64(bytes: Uint8Array, offset: number): number {
  return getWord(bytes, offset) * 0x1_0000_0000 + getWord(bytes, offset + 4);
}

/** Writes a number below 2^32 as 32 bits, big-endian. */
export function putWord(bytes: Uint8Array, offset: number, word: number): void {
  bytes[offset] = word >>> 24;
  bytes[offset + 1] = word >>> 16;
  bytes[offset + 2] = word >>> 8;
  bytes[offset + 3] = word;
}

/** Reads 32 bits, big-endian. */
export function getWord(bytes: Uint8Array, offset: number): number {
  return (
    (bytes[offset] as number) * 0x100_0000 +
    (((bytes[offset + 1] as number) << 16) |
      ((bytes[offset + 2] as number) << 8) |
      (bytes[offset + 3] as number))
  );
}

function revisionKey(prefix: number, main: number, sub: number): Uint8Array {
  const key = new Uint8Array(packKeyBytes);
  key[0] = prefix;
  putUint64(key, 1, main);
  putUint64(key, 9, sub);
  return key;
}

function idKey(prefix: number, id: bigint): Uint8Array {
  const key = new Uint8Array(9);
  key[0] = prefix;
  idView.setBigUint64(0, id);
  key.set(idBytes, 1);
  return key;
}

function nameKey(prefix: number, name: Uint8Array): Uint8Array {
  const key = new Uint8Array(1 + name.length);
  key[0] = prefix;
  key.set(name, 1);
  return key;
}

/** An id's bytes on their way into a key; it is written as the number modulo 2^64. */
const idBytes = new Uint8Array(8);
const idView = new DataView(idBytes.buffer);

function spaceRange(prefix: number): DbRange {
  return { gte: new Uint8Array([prefix]), lt: new Uint8Array([prefix + 1]) };
}
