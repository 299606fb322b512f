import type { Exchange } from '../exchange.js';
import type { EndpointTable } from '../registry/endpoint-table.js';
import { CachedStorage } from '../storage/cached-storage.js';

const objectsPerSeat = 100;
/** A list has no more seats than this, however long it is. */
const seatsMax = 10;
/** What an index or a name answers: few objects are looked at. */
const narrowSelector = /(^|,)(metadata\.name|spec\.nodeName)==?[^=]/;

/** How many seats a request takes: lists as many as they have objects to look at, a seat for each hundred; all others one. */
export function listWidth(endpoints: EndpointTable): (exchange: Exchange) => number {
  return ({ info, query }) => {
    if (info.verb !== 'list' || !info.isResourceRequest || info.subresource !== '') return 1;
    const fields = query.get('fieldSelector') ?? '';
    if (narrowSelector.test(fields)) return 1;
    const storage = endpoints.registry(info.group, info.resource)?.storage;
    if (!(storage instanceof CachedStorage)) return 1;
    const { objects } = storage.stats();
    const isSelective = fields !== '' || (query.get('labelSelector') ?? '') !== '';
    const limit = Number(query.get('limit') ?? 0);
    // Selectors are asked about object after object, until the page is full.
    const lookedAt = limit > 0 && !isSelective ? Math.min(objects, limit) : objects;
    return Math.max(1, Math.min(Math.ceil(lookedAt / objectsPerSeat), seatsMax));
  };
}
