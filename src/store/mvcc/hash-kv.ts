import { toLatin1 } from '../../base/bytes.js';
import { crc32c } from '../../base/crc32c.js';
import { packKeys, parsePackKey } from '../schema/keys.js';
import { PackCursor } from '../schema/revision-pack.js';
import { decodeStored, type MvccState } from './state.js';

/** etcd's hash begins with the name of its bucket of revisions. */
const bucketName = new TextEncoder().encode('key');

/**
 * CRC-32C over all revision records up to `revision`, without those that the last compaction is to delete: they count as
 * deleted from the moment the compaction was applied. So members with equal states have equal hashes, however far their
 * compactions are and however their records are packed. Everything applied must be in the database.
 */
export async function hashRevisions(state: MvccState, revision: number): Promise<number> {
  let hash = crc32c(bucketName);
  for await (const step of state.db.iterate(packKeys(0, 0, revision + 1))) {
    for (const [key, pack] of step) {
      const cursor = new PackCursor(pack, parsePackKey(key));
      while (cursor.next() && cursor.main <= revision) {
        if (isKept(state, cursor)) hash = crc32c(cursor.record, hash);
      }
    }
  }
  return hash;
}

/** Whether the record is above the last compaction, or one that it leaves. */
function isKept(state: MvccState, { main, sub, record }: PackCursor): boolean {
  if (main > state.compactRevision) return true;
  const entry = state.index.get(toLatin1(decodeStored(record, main, sub).key));
  if (entry === undefined) return false;
  const position = entry.firstKept(state.compactRevision);
  return (
    position <= entry.newest && entry.mainAt(position) === main && entry.subAt(position) === sub
  );
}
