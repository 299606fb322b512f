/** How far {@link slowStart} came. */
export interface SlowStartResult {
  readonly succeeded: number;
  /** Of the batch that was the last; null when all went well. */
  readonly error: unknown;
}

/**
 * Does something `count` times, in batches of 1, 2, 4 and so on, each at once; after a batch in which one fails there is none any
 * more. What will fail every time (a quota, a webhook) is so tried a few times instead of `count` times.
 */
export async function slowStart(
  count: number,
  act: (index: number) => Promise<void>,
): Promise<SlowStartResult> {
  let succeeded = 0;
  for (let start = 0, size = 1; start < count; start += size, size *= 2) {
    const length = Math.min(size, count - start);
    const outcomes = await Promise.allSettled(Array.from({ length }, (_, at) => act(start + at)));
    const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
    succeeded += length - failed.length;
    const [first] = failed;
    if (first !== undefined) return { succeeded, error: first.reason };
  }
  return { succeeded, error: null };
}
