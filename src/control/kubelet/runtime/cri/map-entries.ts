import type { StringEntry } from '../../../../wire/gen/runtime.js';

/** A map of texts as the interface has it. */
export function entriesOf(map: Readonly<Record<string, string>>): StringEntry[] {
  return Object.entries(map).map(([key, value]) => ({ key, value }));
}

/** The same the other way. */
export function recordOf(entries: readonly StringEntry[]): Readonly<Record<string, string>> {
  return Object.fromEntries(entries.map(({ key, value }) => [key, value]));
}

/** Nanoseconds since 1970 as milliseconds; 0 stays 0. */
export function millisecondsOf(nanoseconds: bigint): number {
  return Number(nanoseconds / 1_000_000n);
}
