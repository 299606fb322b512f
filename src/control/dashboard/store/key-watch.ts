import type { Client } from '../../../client/index.js';
import { statusOf } from '../../machinery/status-errors.js';
import type { KeyChange } from '../model/store-documents.js';
import { encodeLine, type StoreExchange } from './exchange.js';
import { changeOf } from './key-history.js';
import { problemOf } from './store-problem.js';

/** Values longer than this are left out of what a watch tells. */
const valueBytesMax = 16_384;

/**
 * Sends what happens below a prefix, a line of JSON each: first `{"type":"start","revision":…}` once the watch stands, then changes after
 * that revision, `{"type":"error",…}` when it cannot go on. Begins now, or after a revision. Ends with the client.
 */
export async function watchKeys(
  client: Client,
  { prefix, afterRevision }: { readonly prefix: Uint8Array; readonly afterRevision: number | null },
  exchange: StoreExchange,
): Promise<void> {
  const { signal } = exchange;
  const from = afterRevision === null ? {} : { startRevision: afterRevision + 1 };
  const watcher = client.watch({ prefix }, { signal, ...from });
  const send = async (line: object) => exchange.write(encodeLine(line));
  try {
    const first = await watcher.started.catch((error: unknown) => {
      throw problemOf(error);
    });
    exchange.start(200, { 'content-type': 'application/x-ndjson' });
    await send({ type: 'start', revision: String(first - 1) });
    for await (const batch of watcher) {
      for (const event of batch.events) await send(withoutLongValue(changeOf(event)));
    }
    exchange.end();
  } catch (error) {
    if (signal.aborted) return exchange.end();
    if (!exchange.isStarted) throw error;
    const { code, message } = statusOf(problemOf(error));
    await send({ type: 'error', code, message: message ?? '' });
    exchange.end();
  } finally {
    watcher.close();
  }
}

function withoutLongValue(change: KeyChange): KeyChange {
  if (change.type === 'delete' || change.sizeBytes <= valueBytesMax) return change;
  return { ...change, value: { encoding: 'utf-8', data: '' } };
}
