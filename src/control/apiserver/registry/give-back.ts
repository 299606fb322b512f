import { StatusError } from '../../machinery/status.js';
import type { Reservation } from './registry-options.js';

/**
 * Frees what was reserved for a write that failed. When nobody knows whether it was made (504), nothing is freed: the object may be
 * there and have it. What is then without an owner is found and freed later.
 */
export async function giveBack(reservation: Reservation | null, error: unknown): Promise<void> {
  const isUnknown = error instanceof StatusError && error.reason === 'Timeout';
  if (!isUnknown) await reservation?.rollback();
}
