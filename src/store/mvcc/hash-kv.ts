import { toLatin1 } from '../../base/bytes.js';
import { crc32c } from '../../base/crc32c.js';
import { parseRevisionKey, revisionKeys } from '../schema/keys.js';
import { decodeStored, type MvccState } from './state.js';

/** etcd's hash begins with the name of its bucket of revisions. */
const bucketName = new TextEncoder().encode('key');

/**
 * CRC-32C over the keys and values of all revision records up to `revision`, without those that the last compaction is to
 * delete: they count as deleted from the moment the compaction was applied. So members with equal states have equal
 * hashes, however far their compactions are. Everything applied must be in the database.
 */
export async function hashRevisions(state: MvccState, revision: number): Promise<number> {
  let hash = crc32c(bucketName);
  for await (const step of state.db.iterate(revisionKeys(0, revision + 1))) {
    for (const [key, record] of step) {
      const { main, sub } = parseRevisionKey(key);
      if (main <= state.compactRevision && !isKept(state, record, main, sub)) continue;
      hash = crc32c(record, crc32c(key, hash));
    }
  }
  return hash;
}

function isKept(state: MvccState, record: Uint8Array, main: number, sub: number): boolean {
  const entry = state.index.get(toLatin1(decodeStored(record, main, sub).key));
  if (entry === undefined) return false;
  const position = entry.firstKept(state.compactRevision);
  return (
    position <= entry.newest && entry.mainAt(position) === main && entry.subAt(position) === sub
  );
}
