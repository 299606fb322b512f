import { InvalidArgumentError } from 'commander';
import { badArgs, CtlError } from '../exit.js';

/** Reads a decimal signed 64-bit integer as Go's strconv.ParseInt does; the error has Go's wording. */
export function parseInt64(text: string): bigint {
  if (!/^[+-]?[0-9]+$/.test(text)) throw syntaxError('ParseInt', text);
  return inRange(BigInt(text), text);
}

/** Reads a hexadecimal lease id (signed 64-bit, without 0x). */
export function parseLeaseId(text: string): bigint {
  const match = /^([+-]?)([0-9a-fA-F]+)$/.exec(text);
  if (match === null) throw syntaxError('ParseInt', text);
  const value = BigInt(`0x${match[2]}`);
  return inRange(match[1] === '-' ? -value : value, text);
}

/** Reads a hexadecimal member id (unsigned 64-bit, without 0x). */
export function parseMemberId(text: string): bigint {
  if (!/^[0-9a-fA-F]+$/.test(text)) throw syntaxError('ParseUint', text);
  const value = BigInt(`0x${text}`);
  if (value > 0xffff_ffff_ffff_ffffn) throw rangeError('ParseUint', text);
  return value;
}

/** Reads a revision or another counter, which must be a safe integer. */
export function parseCounter(text: string): number {
  const value = Number(parseInt64(text));
  if (!Number.isSafeInteger(value)) throw rangeError('ParseInt', text);
  return value;
}

/** {@link parseCounter} for the value of a flag: a mistake is one of the command line, and ends with 1. */
export function flagCounter(text: string): number {
  try {
    return parseCounter(text);
  } catch (error) {
    throw error instanceof CtlError ? new InvalidArgumentError(error.message) : error;
  }
}

/** A lease id as etcdctl prints it: 16 hex digits. */
export function leaseHex(id: bigint): string {
  return BigInt.asUintN(64, id).toString(16).padStart(16, '0');
}

function inRange(value: bigint, text: string): bigint {
  if (BigInt.asIntN(64, value) !== value) throw rangeError('ParseInt', text);
  return value;
}

function syntaxError(fn: string, text: string) {
  return badArgs(`strconv.${fn}: parsing ${JSON.stringify(text)}: invalid syntax`);
}

function rangeError(fn: string, text: string) {
  return badArgs(`strconv.${fn}: parsing ${JSON.stringify(text)}: value out of range`);
}
