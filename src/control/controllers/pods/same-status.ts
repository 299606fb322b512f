import { deepEqual } from '../../machinery/deep-equal.js';

/** Whether two statuses tell the same: a count of 0, an empty text and an empty list are as if they were absent. */
export function sameStatus(a: object | undefined, b: object | undefined): boolean {
  return deepEqual(told(a), told(b));
}

function told(status: object = {}): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(status).filter(([, value]) => {
      if (Array.isArray(value)) return value.length > 0;
      return value !== 0 && value !== '' && value !== null && value !== undefined;
    }),
  );
}
