import type { Clock } from '../../../base/clock.js';
import type { Client } from '../../../client/index.js';
import { badRequest, failure } from '../../machinery/status-errors.js';
import {
  type RouteTable,
  type StoreExchange,
  type StoreHandler,
  sendDocument,
} from './exchange.js';
import { readHistory } from './key-history.js';
import { listKeys } from './key-listing.js';
import { keyValueRecord } from './key-record.js';
import { keyOfText, textOfKey } from './key-text.js';
import { watchKeys } from './key-watch.js';
import { readLeases } from './leases.js';
import { readStatus } from './status.js';
import { ofStore } from './store-problem.js';

/** The path of the watch, which has no end of its own. */
export const storeWatchPath = '/flotilla/store/keys/watch';

const limitDefault = 200;
const limitMax = 1000;

/** Serves what the dashboard's store page shows, for reading only. Who may read it is a matter of non-resource URLs (RBAC). */
export function addStoreRoutes(
  routes: RouteTable,
  parts: { readonly client: Client; readonly clock: Clock },
): void {
  const { client } = parts;
  const add = (path: string, handler: StoreHandler) =>
    routes.exact(path, async (exchange) => {
      checkMethod(exchange);
      await handler(exchange);
    });
  add('/flotilla/store/status', async (exchange) => {
    sendDocument(exchange, await readStatus(client, exchange.signal));
  });
  add('/flotilla/store/leases', async (exchange) => {
    sendDocument(exchange, await readLeases(client, exchange.signal));
  });
  add('/flotilla/store/keys', async (exchange) => {
    const { query, signal } = exchange;
    const listing = {
      prefix: keyOfText(query.get('prefix') ?? ''),
      after: keyOfText(query.get('after') ?? ''),
      limit: Math.min(limitMax, wholeNumber(query, 'limit') || limitDefault),
      revision: wholeNumber(query, 'revision'),
    };
    sendDocument(exchange, await listKeys(client, listing, signal));
  });
  add('/flotilla/store/keys/value', async (exchange) => {
    const { query, signal } = exchange;
    const key = askedKey(query);
    const revision = wholeNumber(query, 'revision');
    const options = revision === 0 ? { signal } : { revision, signal };
    const { kv } = await ofStore(client.kv.get(key, options));
    if (kv === undefined)
      throw failure(404, 'NotFound', `key ${textOfKey(key)} is not in the store`);
    sendDocument(exchange, keyValueRecord(kv));
  });
  add('/flotilla/store/keys/history', async (exchange) => {
    sendDocument(exchange, await readHistory(parts, askedKey(exchange.query), exchange.signal));
  });
  add(storeWatchPath, async (exchange) => {
    const { query } = exchange;
    const prefix = keyOfText(query.get('prefix') ?? '');
    const afterRevision = query.has('after') ? wholeNumber(query, 'after') : null;
    await watchKeys(client, { prefix, afterRevision }, exchange);
  });
}

function checkMethod({ request }: StoreExchange): void {
  if (request.method === 'GET') return;
  const text = 'the server does not allow this method on the requested resource';
  throw failure(405, 'MethodNotAllowed', text, {});
}

function askedKey(query: URLSearchParams): Uint8Array {
  const text = query.get('key') ?? '';
  if (text === '') throw badRequest('key: name the key to read');
  return keyOfText(text);
}

/** 0 when the parameter is absent. */
function wholeNumber(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? '0';
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw badRequest(`${name}: ${JSON.stringify(text)} is no whole number`);
  }
  return value;
}
