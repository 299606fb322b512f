import type { Clock } from '../../../base/clock.js';
import { type Client, ClientError, type Event, EventType } from '../../../client/index.js';
import type { KeyChange, KeyHistory } from '../model/store-documents.js';
import { keyValueRecord } from './key-record.js';
import { textOfKey } from './key-text.js';
import { ofStore, problemOf } from './store-problem.js';

/** Changes that are told at most. */
const changesMax = 200;
/** A store may leave a question unanswered while one of the watches lags behind. */
const askAgainMs = 200;

/** All changes of a key that the store still knows. */
export async function readHistory(
  { client, clock }: { readonly client: Client; readonly clock: Clock },
  key: Uint8Array,
  signal: AbortSignal,
): Promise<KeyHistory> {
  const { header } = await ofStore(client.kv.get(key, { signal, keysOnly: true }));
  const range = { to: header.revision, signal };
  let compactRevision = 0;
  let events = await changesBetween(client, clock, key, { ...range, from: 1 });
  while (typeof events === 'number') {
    compactRevision = events;
    events = await changesBetween(client, clock, key, { ...range, from: compactRevision + 1 });
  }
  const first = await stateAt(client, key, { revision: compactRevision, signal });
  const changes = [...first, ...events.map(changeOf)];
  return {
    key: textOfKey(key),
    revision: String(header.revision),
    compactRevision: String(compactRevision),
    changes: changes.slice(-changesMax),
    isCut: changes.length > changesMax,
  };
}

/** What the key was when all before was forgotten; nothing when it was not there, or nothing was forgotten. */
async function stateAt(
  client: Client,
  key: Uint8Array,
  { revision, signal }: { readonly revision: number; readonly signal: AbortSignal },
): Promise<KeyChange[]> {
  if (revision === 0) return [];
  const { kv } = await ofStore(client.kv.get(key, { revision, signal }));
  return kv === undefined ? [] : [{ type: 'put', ...keyValueRecord(kv) }];
}

/**
 * A watch over the past, which ends when the store says that it has told everything up to `to`. A number: it was compacted up to
 * there, which the store tells only those who ask for what is gone.
 */
async function changesBetween(
  client: Client,
  clock: Clock,
  key: Uint8Array,
  {
    from,
    to,
    signal,
  }: { readonly from: number; readonly to: number; readonly signal: AbortSignal },
): Promise<Event[] | number> {
  if (from > to) return [];
  const watcher = client.watch(key, { startRevision: from, signal });
  let timer = clock.setTimer(0, ask);
  function ask(): void {
    client.requestProgress();
    timer = clock.setTimer(askAgainMs, ask);
  }
  const events: Event[] = [];
  try {
    for await (const batch of watcher) {
      events.push(...batch.events.filter((event) => revisionOf(event) <= to));
      if (batch.revision >= to) break;
    }
    return events;
  } catch (error) {
    const compacted = error instanceof ClientError ? error.compactRevision : null;
    if (compacted !== null && compacted >= from) return compacted;
    throw problemOf(error);
  } finally {
    clock.clearTimer(timer);
    watcher.close();
  }
}

function revisionOf(event: Event): number {
  return event.kv?.modRevision ?? 0;
}

/** A change as the page is told of it. */
export function changeOf(event: Event): KeyChange {
  const { kv } = event;
  if (kv !== undefined && event.type === EventType.PUT) {
    return { type: 'put', ...keyValueRecord(kv) };
  }
  return {
    type: 'delete',
    key: textOfKey(kv?.key ?? new Uint8Array()),
    modRevision: String(revisionOf(event)),
  };
}
