import { assert } from '../../base/assert.js';
import { varintBytes, writeVarint } from '../../wire/varint.js';
import { CommandKind } from '../contracts.js';
import { StoreError } from '../errors.js';
import type { AuthInfo } from './auth-info.js';

/**
 * A command with the user that it is carried out for: the length of the user's name, the name as UTF-8, the revision of users
 * and roles at which the user was identified, and the command as it is without. Both numbers are varints. Permissions
 * are looked at when the entry is applied, by what the log says up to there, so that all members come to the same.
 */

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** The payload of an `onBehalf` command. */
export function encodeOnBehalf(
  user: AuthInfo,
  command: { readonly kind: CommandKind; readonly payload: Uint8Array },
): Uint8Array {
  assert(command.kind !== CommandKind.onBehalf, 'a command is for one user');
  const name = encoder.encode(user.userName);
  const { payload } = command;
  const headBytes = varintBytes(name.length) + name.length + varintBytes(user.revision) + 1;
  const bytes = new Uint8Array(headBytes + payload.length);
  const nameAt = writeVarint(bytes, 0, name.length);
  bytes.set(name, nameAt);
  const at = writeVarint(bytes, nameAt + name.length, user.revision);
  bytes[at] = command.kind;
  bytes.set(payload, headBytes);
  return bytes;
}

/** Takes an `onBehalf` entry's data apart: the user, and the data of the command itself, in place. Throws `malformed-entry`. */
export function decodeOnBehalf(data: Uint8Array): { user: AuthInfo; data: Uint8Array } {
  const length = readVarint(data, 1);
  const nameEnd = length.end + length.value;
  if (nameEnd > data.length) throw new StoreError('malformed-entry');
  const userName = decoder.decode(data.subarray(length.end, nameEnd));
  const revision = readVarint(data, nameEnd);
  return { user: { userName, revision: revision.value }, data: data.subarray(revision.end) };
}

/** The data of the command itself, whoever it is for; what cannot be read is left as it is. */
export function commandData(data: Uint8Array): Uint8Array {
  if (data[0] !== CommandKind.onBehalf) return data;
  try {
    return decodeOnBehalf(data).data;
  } catch (error) {
    if (error instanceof StoreError) return data;
    throw error;
  }
}

function readVarint(data: Uint8Array, offset: number): { value: number; end: number } {
  let value = 0;
  let at = offset;
  for (let factor = 1; factor <= 2 ** 49; factor *= 128) {
    const byte = data[at++];
    if (byte === undefined) break;
    value += (byte % 128) * factor;
    if (byte < 128 && Number.isSafeInteger(value)) return { value, end: at };
  }
  throw new StoreError('malformed-entry');
}
