import type { ZoneRecord } from './record.js';

/** What is known of a name. */
export type Resolution =
  /** Records of the name, of all types; those that were not asked for are left out by who answers. */
  | {
      readonly kind: 'records';
      readonly records: readonly ZoneRecord[];
      readonly extra: readonly ZoneRecord[];
    }
  /** The name is there, without records. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'no-name' }
  /** Others are to be asked. */
  | { readonly kind: 'not-ours' };

/** The name is there, without records. */
export const empty: Resolution = { kind: 'empty' };
/** There is no such name. */
export const noName: Resolution = { kind: 'no-name' };
/** Others are to be asked. */
export const notOurs: Resolution = { kind: 'not-ours' };

/** Records, or an empty name when there are none. */
export function recordsOf(
  records: readonly ZoneRecord[],
  extra: readonly ZoneRecord[] = [],
): Resolution {
  return records.length === 0 ? empty : { kind: 'records', records, extra };
}
