import { toLatin1 } from '../../base/bytes.js';
import {
  type RangeRequest,
  type RangeResponse,
  type ResponseHeader,
  SortOrder,
  SortTarget,
} from '../../wire/gen/etcdserverpb.js';
import { KeyValue } from '../../wire/gen/mvccpb.js';
import { emptyBytes } from '../../wire/reader.js';
import type { StoredRange } from '../contracts.js';
import { StoreError } from '../errors.js';
import type { KeyBounds } from './key-index.js';

/**
 * The keys that a request names: one key when `rangeEnd` is empty, all from `key` on when it is a single zero byte, else
 * [key, rangeEnd), which is empty when rangeEnd <= key.
 */
export function boundsOf(key: Uint8Array, rangeEnd: Uint8Array): KeyBounds {
  const lower = toLatin1(key);
  if (rangeEnd.length === 0) return { lower, upper: `${lower}\0` };
  if (rangeEnd.length === 1 && rangeEnd[0] === 0) return { lower, upper: null };
  return { lower, upper: toLatin1(rangeEnd) };
}

/**
 * The revision that a read sees: the current one for 0 or less. Throws StoreError `future-revision` or `compacted`; the
 * compaction revision itself is readable.
 */
export function readRevision(
  requested: number,
  state: { readonly revision: number; readonly compactRevision: number },
): number {
  if (requested > state.revision) throw new StoreError('future-revision');
  if (requested <= 0) return state.revision;
  if (requested < state.compactRevision) throw new StoreError('compacted');
  return requested;
}

/** True when any of the revision filters is set (0 is off). */
export function isFiltered(request: RangeRequest): boolean {
  return (
    request.maxModRevision !== 0 ||
    request.minModRevision !== 0 ||
    request.maxCreateRevision !== 0 ||
    request.minCreateRevision !== 0
  );
}

/** True when the answer's order is not simply that of the keys. */
export function isSorted(request: RangeRequest): boolean {
  return request.sortTarget !== SortTarget.KEY || request.sortOrder === SortOrder.DESCEND;
}

/** How many keys are worth fetching, for `limit` only helps when order and set are those of the index. */
export function fetchLimit(request: RangeRequest): number {
  if (request.countOnly) return 0;
  const isPlain = !isSorted(request) && !isFiltered(request);
  return isPlain && request.limit > 0 ? request.limit : Number.POSITIVE_INFINITY;
}

/**
 * Makes the answer from the keys fetched, in key order: filters, then sorts, then limits, then strips values. `count` is of
 * all keys in the range, whatever the limit and the filters. What is stored is decoded only where the request makes that
 * necessary.
 */
export function finishRange(
  request: RangeRequest,
  found: { readonly kvs: readonly Uint8Array[]; readonly count: number; readonly revision: number },
): StoredRange {
  const { count, revision } = found;
  if (request.countOnly) return { revision, kvs: [], more: false, count };
  const isChosen = isFiltered(request);
  let kvs = isChosen || isSorted(request) ? choose(request, found.kvs) : found.kvs;
  // When the fetch stopped at the limit, the rest counts as found.
  const matching = isChosen ? kvs.length : count;
  const more = request.limit > 0 && matching > request.limit;
  if (more && kvs.length > request.limit) kvs = kvs.slice(0, request.limit);
  if (request.keysOnly) kvs = kvs.map(withoutValue);
  return { revision, kvs, more, count };
}

/** The answer as a message. */
export function decodeRange(found: StoredRange): RangeResponse {
  const { revision, kvs, more, count } = found;
  const decoded = kvs.map((kv) => KeyValue.decode(kv));
  return { header: revisionHeader(revision), kvs: decoded, more, count };
}

/** A header as the state machine fills it: the ids and the term are the API layer's. */
export function revisionHeader(revision: number): ResponseHeader {
  return { clusterId: 0n, memberId: 0n, revision, raftTerm: 0 };
}

/** What passes the filters, sorted. */
function choose(request: RangeRequest, kvs: readonly Uint8Array[]): Uint8Array[] {
  let candidates = kvs.map((bytes) => ({ bytes, kv: KeyValue.decode(bytes) }));
  if (isFiltered(request)) candidates = candidates.filter(({ kv }) => passes(request, kv));
  if (isSorted(request)) {
    const compare = comparison(request);
    candidates.sort((a, b) => compare(a.kv, b.kv));
  }
  return candidates.map(({ bytes }) => bytes);
}

function passes(request: RangeRequest, kv: KeyValue): boolean {
  const { maxModRevision, minModRevision, maxCreateRevision, minCreateRevision } = request;
  if (maxModRevision !== 0 && kv.modRevision > maxModRevision) return false;
  if (minModRevision !== 0 && kv.modRevision < minModRevision) return false;
  if (maxCreateRevision !== 0 && kv.createRevision > maxCreateRevision) return false;
  return !(minCreateRevision !== 0 && kv.createRevision < minCreateRevision);
}

function withoutValue(bytes: Uint8Array): Uint8Array {
  const kv = KeyValue.decode(bytes);
  return kv.value.length === 0 ? bytes : KeyValue.encode({ ...kv, value: emptyBytes });
}

type Comparison = (a: KeyValue, b: KeyValue) => number;

/** Any target but the key sorts ascending when no order is given. */
function comparison(request: RangeRequest): Comparison {
  const ascending = ascendingBy(request.sortTarget);
  return request.sortOrder === SortOrder.DESCEND ? (a, b) => ascending(b, a) : ascending;
}

function ascendingBy(target: SortTarget): Comparison {
  switch (target) {
    case SortTarget.VERSION:
      return (a, b) => a.version - b.version;
    case SortTarget.CREATE:
      return (a, b) => a.createRevision - b.createRevision;
    case SortTarget.MOD:
      return (a, b) => a.modRevision - b.modRevision;
    case SortTarget.VALUE:
      return (a, b) => Buffer.compare(a.value, b.value);
    default:
      // Keys. The API layer has refused any number that is not a target.
      return (a, b) => Buffer.compare(a.key, b.key);
  }
}
