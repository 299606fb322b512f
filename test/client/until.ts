const pollMs = 20;

/** Long for a machine that is busy with something else; what holds is seen at once all the same. */
const patienceMs = 180_000;

/** Waits until `condition` gives something truthy; fails after `deadlineMs`. */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  deadlineMs = patienceMs,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const result = await condition();
    if (result) return result;
    if (performance.now() > deadline) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** Fails a promise that takes too long. */
export async function within<T>(
  what: string,
  promise: Promise<T>,
  deadlineMs = patienceMs,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not in time: ${what}`)), deadlineMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
