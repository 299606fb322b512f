import { parseDurationMs } from '../flag-duration.js';
import { UsageError } from '../usage-error.js';

/** A whole number of at least `min`. */
export function parseCount(flag: string, text: string, min: number): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count) || count < min) {
    throw new UsageError(`${flag}: ${JSON.stringify(text)} is not a whole number from ${min} on`);
  }
  return count;
}

/** A number above 0. */
export function parseRate(flag: string, text: string): number {
  const rate = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || !(rate > 0)) {
    throw new UsageError(`${flag}: ${JSON.stringify(text)} is not a number above 0`);
  }
  return rate;
}

/** A number from 0 to 1. */
export function parseShare(flag: string, text: string): number {
  const share = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || share > 1) {
    throw new UsageError(`${flag}: ${JSON.stringify(text)} is not a number from 0 to 1`);
  }
  return share;
}

/** Milliseconds of `10s`, `500ms`, `2m`; a plain number is seconds. */
export function parseTime(flag: string, text: string): number {
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : parseDurationMs(text);
  if (ms === undefined) {
    throw new UsageError(`${flag}: ${JSON.stringify(text)} is no duration; write 10s or 500ms`);
  }
  return ms;
}

const sizeUnits: Readonly<Record<string, number>> = { '': 1, KiB: 1024, MiB: 1024 * 1024 };

/** Bytes of `256`, `16KiB`, `1MiB`. */
export function parseSize(flag: string, text: string): number {
  const [, amount, unit] = /^(\d+)(KiB|MiB|)$/.exec(text) ?? [];
  const bytes = Number(amount) * (sizeUnits[unit ?? ''] ?? Number.NaN);
  if (!Number.isSafeInteger(bytes)) {
    throw new UsageError(`${flag}: ${JSON.stringify(text)} is no size; write 256, 16KiB or 1MiB`);
  }
  return bytes;
}
