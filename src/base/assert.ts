/**
 * Assertions stay on in production: a process that finds its own state broken stops rather than goes on.
 * They are for bugs only. Input from a peer, a client or a disk is validated with typed errors instead.
 */

/** A broken invariant: a bug in this program, never bad input. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Throws {@link AssertionError} unless `condition` holds. Keep the check O(1); see {@link verify} for dearer ones. */
export function assert(condition: boolean, message?: string): asserts condition {
  if (!condition) throw new AssertionError(message ?? 'assertion failed');
}

/** Marks a `switch` over a union as complete: it does not compile when a member is unhandled. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable value ${String(value)}`);
}

/** Returns `value`, asserting that it is there. */
export function defined<T>(value: T | undefined | null, what = 'value'): T {
  if (value === undefined || value === null) throw new AssertionError(`${what} is missing`);
  return value;
}

let verifying = false;

/** Turns {@link verify} checks on or off for the whole process. Tests and the simulator turn them on. */
export function setVerify(on: boolean): void {
  verifying = on;
}

/** An invariant that costs more than O(1) to check; evaluated only where {@link setVerify} turned it on. */
export function verify(check: () => boolean, message?: string): void {
  if (verifying) assert(check(), message);
}
