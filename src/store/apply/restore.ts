import type { DbWrite, OrderedDb } from '../../base/ordered-db.js';
import type { SnapshotMeta } from '../../raft/core/types.js';
import { StoreDataError } from '../schema/errors.js';
import { decodeImage } from '../schema/image.js';
import { encodeConf } from '../schema/meta.js';
import type { ReplicaState } from './replica-state.js';

/** Bytes written to the new database at once. */
const batchBytes = 1024 * 1024;

/** Writes a snapshot image's records into an empty database. They are durable only after the owner's next sync. */
export async function writeImage(db: OrderedDb, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  let batch: DbWrite[] = [];
  let bytes = 0;
  for await (const records of decodeImage(chunks)) {
    for (const [key, value] of records) {
      batch.push({ kind: 'put', key, value });
      bytes += key.length + value.length;
    }
    if (bytes < batchBytes) continue;
    await db.write(batch, { sync: false });
    batch = [];
    bytes = 0;
  }
  await db.write(batch, { sync: true });
}

/** Throws StoreDataError `image` unless the state is the one that the snapshot promises. */
export function checkImage(state: ReplicaState, meta: SnapshotMeta): void {
  const { index, term } = state.applied;
  if (index !== meta.index || term !== meta.term) {
    throw imageError(`is of entry ${index} of term ${term}, not ${meta.index} of ${meta.term}`);
  }
  if (Buffer.compare(encodeConf(state.conf), encodeConf(meta.conf)) !== 0) {
    throw imageError('has another membership than was announced');
  }
}

function imageError(what: string): StoreDataError {
  return new StoreDataError(
    'image',
    `a snapshot image ${what}: it is discarded and fetched again from another member`,
  );
}
