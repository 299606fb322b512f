import {
  type Client,
  type KeyValue,
  keyAfter,
  keyRange,
  prefixEnd,
} from '../../../client/index.js';
import type { Folder, KeyListing, KeyRecord } from '../model/store-documents.js';
import { keyRecord } from './key-record.js';
import { textOfKey } from './key-text.js';
import { ofStore } from './store-problem.js';

/** What to list. */
export interface ListingQuery {
  readonly prefix: Uint8Array;
  /** Only what comes after this key. Empty: from the beginning. */
  readonly after: Uint8Array;
  /** Folders and keys together. */
  readonly limit: number;
  /** 0: the latest. */
  readonly revision: number;
}

const slash = 0x2f;
/** Keys that are read at a time. */
const pageSizeMax = 500;

/** Lists what lies directly below a prefix, skipping over folders, so that their size does not matter. */
export async function listKeys(
  client: Client,
  query: ListingQuery,
  signal: AbortSignal,
): Promise<KeyListing> {
  const all = keyRange({ prefix: query.prefix });
  const at = query.revision === 0 ? {} : { revision: query.revision };
  const counted = await ofStore(client.kv.range(all, { ...at, countOnly: true, signal }));
  const revision = query.revision === 0 ? counted.header.revision : query.revision;
  const folders: Folder[] = [];
  const keys: KeyRecord[] = [];
  let from: Uint8Array | null = query.after.length === 0 ? all.key : startAfter(query);
  let last: Uint8Array = query.after;
  for (
    let left = query.limit;
    from !== null && left > 0;
    left = query.limit - folders.length - keys.length
  ) {
    const range = { key: from, rangeEnd: all.rangeEnd };
    const step: Step = await readStep(client, range, { query, left, revision, signal });
    keys.push(...step.keys.map(keyRecord));
    if (step.folder !== null) folders.push(step.folder);
    last = step.last ?? last;
    from = step.next;
  }
  return {
    prefix: textOfKey(query.prefix),
    revision: String(revision),
    count: counted.count,
    folders,
    keys,
    next: from === null ? '' : textOfKey(last),
  };
}

/** Some keys, and the folder that comes after them. */
interface Step {
  readonly keys: readonly KeyValue[];
  readonly folder: Folder | null;
  /** The last key, or the prefix of the folder; null: there was nothing. */
  readonly last: Uint8Array | null;
  /** Where the next step begins; null at the end. */
  readonly next: Uint8Array | null;
}

/** Reads keys up to the first folder, that folder included, or up to `left` of them. */
async function readStep(
  { kv }: Client,
  range: { readonly key: Uint8Array; readonly rangeEnd: Uint8Array },
  options: {
    readonly query: ListingQuery;
    readonly left: number;
    readonly revision: number;
    readonly signal: AbortSignal;
  },
): Promise<Step> {
  const { query, left, revision, signal } = options;
  const limit = Math.min(pageSizeMax, left);
  const page = await ofStore(kv.range(range, { revision, signal, limit, keysOnly: true }));
  const { keys, folder } = untilFolder(page.kvs, query.prefix.length);
  const last = keys.at(-1)?.key ?? null;
  if (folder === null || keys.length === left) {
    const isEnd = keys.length === page.kvs.length && !page.more;
    return { keys, folder: null, last, next: isEnd || last === null ? null : keyAfter(last) };
  }
  const { count } = await ofStore(
    kv.range({ prefix: folder }, { revision, signal, countOnly: true }),
  );
  const next = await isAnyFrom(kv, { ...range, key: prefixEnd(folder) }, { revision, signal });
  return { keys, folder: { prefix: textOfKey(folder), count }, last: folder, next };
}

/** Where the range begins, unless nothing is in it. */
async function isAnyFrom(
  kv: Client['kv'],
  range: { readonly key: Uint8Array; readonly rangeEnd: Uint8Array },
  options: { readonly revision: number; readonly signal: AbortSignal },
): Promise<Uint8Array | null> {
  const { count } = await ofStore(kv.range(range, { ...options, countOnly: true }));
  return count === 0 ? null : range.key;
}

/** A folder's prefix stands for all that is in it. */
function startAfter({ after, prefix }: ListingQuery): Uint8Array {
  const isFolder = after.at(-1) === slash && after.length > prefix.length;
  return isFolder ? prefixEnd(after) : keyAfter(after);
}

/** The keys up to the first one that lies in a folder, and that folder's prefix. */
function untilFolder(
  kvs: readonly KeyValue[],
  prefixLength: number,
): { readonly keys: readonly KeyValue[]; readonly folder: Uint8Array | null } {
  for (const [at, { key }] of kvs.entries()) {
    const end = key.indexOf(slash, prefixLength);
    if (end >= 0) return { keys: kvs.slice(0, at), folder: key.slice(0, end + 1) };
  }
  return { keys: kvs, folder: null };
}
