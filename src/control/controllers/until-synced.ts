/** Something that shows what the server has once it has caught up: an informer. */
interface Synced {
  untilSynced(signal: AbortSignal): Promise<void>;
}

/** Waits until all informers show what the server had when they began. False: the signal aborted before. */
export async function untilSynced(
  informers: readonly Synced[],
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await Promise.all(informers.map((informer) => informer.untilSynced(signal)));
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}
