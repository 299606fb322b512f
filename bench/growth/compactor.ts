import { KV } from '../../src/wire/index.js';
import { RawClient } from '../../test/e2e/raw-client.js';
import type { Side } from '../side-by-side/side.js';

/** Compacts a cluster's history over and over. */
export interface Compactor {
  /** Compactions so far. */
  readonly count: number;
  /** Resolves when the last one has ended. */
  stop(): Promise<void>;
}

/** Compacts so often, keeping the newest revisions. A compaction that fails ends the process: the curve would mean nothing. */
export async function compactEvery(
  side: Side,
  { everyMs, keptRevisions }: { readonly everyMs: number; readonly keptRevisions: number },
): Promise<Compactor> {
  const client = new RawClient((await side.leader()).endpoint);
  let compacted = 0;
  let count = 0;
  let running: Promise<void> = Promise.resolve();
  const compact = async () => {
    const { header } = await client.range('none');
    const revision = (header?.revision ?? 0) - keptRevisions;
    if (revision <= compacted) return;
    await client.call(KV.methods.Compact, { revision });
    compacted = revision;
    count++;
  };
  const timer = setInterval(() => {
    running = running.then(compact);
  }, everyMs);
  return {
    get count() {
      return count;
    },
    async stop() {
      clearInterval(timer);
      await running.finally(() => client.close());
    },
  };
}
