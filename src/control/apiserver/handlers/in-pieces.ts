import type { Clock } from '../../../base/clock.js';

/** Milliseconds that a piece takes to make, about: then others have their turn. */
const pieceMs = 4;
const itemsAtFirst = 8;
const itemsMax = 100;
/** So few are one piece: nobody waits for long. */
const itemsWhole = 100;

/**
 * Makes something of many items piece by piece. Others have their turn between two: however long a list and however slow its format, no
 * request and no timer waits for more than a piece of it. Pieces become as long as the time that they take allows.
 */
export async function* inPieces<Item, Made>(
  items: readonly Item[],
  clock: Pick<Clock, 'now' | 'defer'>,
  make: (piece: readonly Item[], isFirst: boolean) => Made,
): AsyncGenerator<Made, void, undefined> {
  let count = items.length <= itemsWhole ? itemsWhole : itemsAtFirst;
  for (let at = 0; at < items.length; ) {
    const startMs = clock.now();
    const made = make(items.slice(at, at + count), at === 0);
    const tookMs = clock.now() - startMs;
    at += count;
    yield made;
    if (at >= items.length) return;
    count = nextCount(count, tookMs);
    await new Promise<void>((resolve) => clock.defer(resolve));
  }
}

function nextCount(count: number, tookMs: number): number {
  const fitting = tookMs > 0 ? Math.floor((count * pieceMs) / tookMs) : itemsMax;
  return Math.max(1, Math.min(fitting, 2 * count, itemsMax));
}
