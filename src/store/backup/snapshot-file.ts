import { createHash } from 'node:crypto';
import { viewOf } from '../../base/bytes.js';
import { crc32c } from '../../base/crc32c.js';
import { BoltReader, type ReadableFile } from './bolt-reader.js';
import { EtcdDataError } from './errors.js';

/** A snapshot saved from a member, ours or etcd's: a database file, and behind it its SHA-256. */
export interface SnapshotFile extends ReadableFile {
  size(): Promise<number>;
}

/** What `snapshot status` tells. */
export interface SnapshotStatus {
  /** CRC-32C over all names of buckets, keys and values, as etcdutl computes it. */
  readonly hash: number;
  /** The newest revision. */
  readonly revision: number;
  /** Entries of all buckets. */
  readonly totalKeys: number;
  /** Bytes of the database. */
  readonly totalBytes: number;
}

const digestBytes = 32;
/** Databases are made of sectors at least, so that what is left tells whether a digest follows. */
const sectorBytes = 512;
const stepBytes = 1 << 20;
const encoder = new TextEncoder();

/** Rejects with EtcdDataError `checksum` unless the file ends with the SHA-256 of what comes before. */
export async function checkDigest(file: SnapshotFile): Promise<void> {
  const size = await file.size();
  if (size % sectorBytes !== digestBytes) {
    throw new EtcdDataError(
      'checksum',
      'the snapshot has no checksum: it is cut off, or it was copied from a data directory; in that case give --skip-hash-check',
    );
  }
  const digest = createHash('sha256');
  const end = size - digestBytes;
  for (let at = 0; at < end; at += stepBytes) {
    digest.update(await file.read(at, Math.min(stepBytes, end - at)));
  }
  const expected = await file.read(end, digestBytes);
  if (Buffer.compare(digest.digest(), expected) === 0) return;
  throw new EtcdDataError(
    'checksum',
    'the snapshot is not what was saved: its checksum is another',
  );
}

/** Reads a whole snapshot. Rejects with EtcdDataError when it is damaged; the digest behind it is not looked at. */
export async function snapshotStatus(file: ReadableFile): Promise<SnapshotStatus> {
  const bolt = await BoltReader.open(file);
  let hash = 0;
  let revision = 0;
  let totalKeys = 0;
  for (const name of bolt.names) {
    hash = crc32c(encoder.encode(name), hash);
    for await (const [key, value] of bolt.entries(name)) {
      hash = crc32c(value, crc32c(key, hash));
      if (name === 'key' && key.length >= 8) revision = Number(viewOf(key).getBigUint64(0));
      totalKeys++;
    }
  }
  return { hash, revision, totalKeys, totalBytes: bolt.sizeBytes };
}
