import { formatId } from '../../../base/ids.js';
import type { Client } from '../../../client/index.js';
import type { LeaseList, LeaseRow } from '../model/store-documents.js';
import { textOfKey } from './key-text.js';
import { ofStore } from './store-problem.js';

const leasesMax = 200;
const keysMax = 20;

/** The leases of the store, with how long each has left. */
export async function readLeases(client: Client, signal: AbortSignal): Promise<LeaseList> {
  const { leases } = await ofStore(client.lease.list({ signal }));
  const rows: LeaseRow[] = [];
  for (const { ID } of leases.slice(0, leasesMax)) {
    const { TTL, grantedTTL, keys } = await ofStore(
      client.lease.timeToLive(ID, { keys: true, signal }),
    );
    rows.push({
      id: formatId(ID),
      ttlSeconds: String(TTL),
      grantedSeconds: String(grantedTTL),
      keyCount: keys.length,
      keys: keys.slice(0, keysMax).map(textOfKey),
    });
  }
  return { count: leases.length, leases: rows };
}
