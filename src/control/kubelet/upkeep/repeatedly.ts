import { type Clock, sleep } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import { isOperating } from '../operating-error.js';

/** Does something again and again until the signal aborts; what fails for reasons of operation is tried again the next time. */
export async function repeatedly(
  periodMs: number,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    await sleep(clock, periodMs, signal).catch(() => {}); // Told to stop.
    if (signal.aborted) return;
    try {
      await work();
    } catch (error) {
      if (signal.aborted) return;
      if (!isOperating(error)) throw error;
      logger.warn('upkeep of the node failed', { error: error.message });
    }
  }
}
