import { toLatin1 } from '../../base/bytes.js';
import { type Compare, CompareResult, CompareTarget } from '../../wire/gen/etcdserverpb.js';
import { emptyBytes } from '../../wire/reader.js';
import { decodeRecord } from '../schema/revision-record.js';
import type { KeyEntry } from './key-entry.js';
import { boundsOf } from './range-options.js';
import type { MvccState } from './state.js';

/** True when every condition holds in the current state. */
export function comparesHold(state: MvccState, compares: readonly Compare[]): boolean {
  for (const compare of compares) if (!compareHolds(state, compare)) return false;
  return true;
}

/**
 * A condition holds when every key of its range satisfies it. When there is no key, a missing key stands in, whose counters
 * are all zero; but no condition on a value is true of a missing key, not even "not equal".
 */
function compareHolds(state: MvccState, compare: Compare): boolean {
  if (compare.rangeEnd.length === 0) {
    const entry = state.index.get(toLatin1(compare.key));
    return entry?.isLive ? entrySatisfies(state, entry, compare) : missingSatisfies(compare);
  }
  const { lower, upper } = boundsOf(compare.key, compare.rangeEnd);
  let isEmpty = true;
  const cursor = state.index.seek(lower);
  for (; cursor.valid && (upper === null || cursor.key < upper); cursor.next()) {
    const entry = cursor.value;
    if (!entry.isLive) continue;
    if (!entrySatisfies(state, entry, compare)) return false;
    isEmpty = false;
  }
  return isEmpty ? missingSatisfies(compare) : true;
}

function entrySatisfies(state: MvccState, entry: KeyEntry, compare: Compare): boolean {
  return resultHolds(compare.result, order(state, entry, compare));
}

function missingSatisfies(compare: Compare): boolean {
  if (compare.target === CompareTarget.VALUE) return false;
  return resultHolds(compare.result, orderOf(0, numberOperand(compare)));
}

/** How the key's property compares to the operand. A target that does not exist compares as equal, as in etcd. */
function order(state: MvccState, entry: KeyEntry, compare: Compare): number {
  switch (compare.target) {
    case CompareTarget.VERSION:
      return orderOf(entry.version, compare.version ?? 0);
    case CompareTarget.CREATE:
      return orderOf(entry.create, compare.createRevision ?? 0);
    case CompareTarget.MOD:
      return orderOf(entry.main, compare.modRevision ?? 0);
    case CompareTarget.LEASE:
      return orderOf(entry.lease, compare.lease ?? 0n);
    case CompareTarget.VALUE: {
      const { value } = decodeRecord(state.recordNow(entry.main, entry.sub));
      return Buffer.compare(value, compare.value ?? emptyBytes);
    }
    default:
      return 0;
  }
}

/** The operand that belongs to the target; another member of the oneof counts as missing. */
function numberOperand(compare: Compare): number | bigint {
  switch (compare.target) {
    case CompareTarget.VERSION:
      return compare.version ?? 0;
    case CompareTarget.CREATE:
      return compare.createRevision ?? 0;
    case CompareTarget.MOD:
      return compare.modRevision ?? 0;
    case CompareTarget.LEASE:
      return compare.lease ?? 0n;
    default:
      return 0;
  }
}

function orderOf(a: number | bigint, b: number | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A result that does not exist always holds, as in etcd. */
function resultHolds(result: CompareResult, ordering: number): boolean {
  switch (result) {
    case CompareResult.EQUAL:
      return ordering === 0;
    case CompareResult.NOT_EQUAL:
      return ordering !== 0;
    case CompareResult.GREATER:
      return ordering > 0;
    case CompareResult.LESS:
      return ordering < 0;
    default:
      return true;
  }
}
