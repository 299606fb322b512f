import type { Freshness, WatchQuery } from './contracts.js';

/** Whether a watch begins with what is there. */
export function startsWithState({ sendInitialEvents, afterRevision }: WatchQuery): boolean {
  return sendInitialEvents || afterRevision === null || afterRevision === 0;
}

/** How fresh the state must be that a watch begins with. */
export function initialFreshnessOf({ afterRevision }: WatchQuery): Freshness {
  if (afterRevision === null) return { at: 'latest' };
  return afterRevision === 0 ? { at: 'any' } : { at: 'not-older', revision: afterRevision };
}
