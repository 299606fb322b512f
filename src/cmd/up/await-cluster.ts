import { type Clock, sleep } from '../../base/clock.js';
import { type Client, ClientError, connect } from '../../client/index.js';

const requestMs = 1000;
const pollMs = 100;

/** A key that nobody has. */
const absentKey = '\0flotilla-up';

/** Where to ask, and until when. */
export interface AwaitOptions {
  readonly endpoints: readonly string[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Waits until a write goes through: deleting a key that nobody has takes the whole way and leaves no trace. False when the
 * signal came first.
 */
export function untilWritable(options: AwaitOptions): Promise<boolean> {
  return untilDone(options, (client, signal) => client.kv.delete(absentKey, { signal }));
}

/** Waits until a read that needs a quorum is answered. False when the signal came first. */
export function untilReadable(options: AwaitOptions): Promise<boolean> {
  return untilDone(options, (client, signal) => client.kv.get(absentKey, { signal }));
}

async function untilDone(
  { endpoints, clock, signal }: AwaitOptions,
  request: (client: Client, signal: AbortSignal) => Promise<unknown>,
): Promise<boolean> {
  const client = connect({ endpoints, timeouts: { requestMs } });
  try {
    while (!signal.aborted) {
      try {
        await request(client, signal);
        return true;
      } catch (error) {
        if (!(error instanceof ClientError)) throw error;
      }
      await sleep(clock, pollMs, signal).catch(() => {}); // The signal came.
    }
    return false;
  } finally {
    await client.close();
  }
}
