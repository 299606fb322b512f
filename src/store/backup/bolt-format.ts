/**
 * bbolt's file format, version 2. A page begins with its number (8 bytes), kind (2), count of elements (2) and pages that it goes
 * on for (4). The elements follow: of a leaf 16 bytes each, kind, distance to the key, sizes of key and value; of a branch 16
 * bytes, distance to the key, its size, page number. Then the keys and values. All numbers are little-endian.
 */

export const pageHeaderBytes = 16;
export const elementBytes = 16;
export const PageKind = { branch: 0x01, leaf: 0x02, meta: 0x04, freelist: 0x10 } as const;
/** Kind of a leaf's element that is a bucket. */
export const bucketElement = 0x01;
/** What a bucket's value begins with: the page at the top of its tree and its sequence. An inline page follows when that is 0. */
export const bucketHeadBytes = 16;
export const magic = 0xed0cdaed;
export const formatVersion = 2;

/** Where the fields of a meta page are, from the end of its page header on. */
export const metaAt = {
  magic: 0,
  version: 4,
  pageBytes: 8,
  root: 16,
  freelist: 32,
  pageCount: 40,
  transaction: 48,
  checksum: 56,
} as const;
export const metaBytes = 64;

/** Key and value. */
export type BoltEntry = readonly [key: Uint8Array, value: Uint8Array];

/** The 64-bit FNV-1a hash, which meta pages are checked by. */
export function fnv1a(bytes: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash;
}
