import type { Test } from 'tap';

const deadlineMs = 60_000;
const pauseMs = 20;

/** Waits until something holds, and passes; fails the test when it does not within 60 seconds. */
export async function until(t: Test, what: string, holds: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`it does not come true that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  t.pass(what);
}
