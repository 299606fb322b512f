import type { EndpointSlice } from '../../api/gen/discovery-v1.js';
import type { ResourceClient } from '../../client/index.js';
import { StatusError } from '../../machinery/status.js';
import type { SliceTracker } from './slice-tracker.js';

/** Writes that bring slices to where they should be. */
export interface SliceWrites {
  readonly create: readonly EndpointSlice[];
  readonly update: readonly EndpointSlice[];
  readonly remove: readonly EndpointSlice[];
}

/**
 * Does the writes of a plan for one owner, and tells the tracker of each. A namespace that is being deleted takes no new slices, and
 * that is no failure. Rejects with StatusError and UnreachableError, after what came before has been done.
 */
export async function writeSlices(
  slices: ResourceClient<EndpointSlice>,
  tracker: SliceTracker,
  owner: string,
  { create, update, remove }: SliceWrites,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  for (const slice of create) {
    const made = await slices.create(slice, { signal }).catch(nullIfNamespaceGoes);
    if (made === null) return;
    tracker.onWritten(owner, made);
  }
  for (const slice of update) tracker.onWritten(owner, await slices.update(slice, { signal }));
  for (const slice of remove) {
    const { namespace = '', name = '' } = slice.metadata;
    await slices.delete({ namespace, name }, { signal }).catch(nullIfGone);
    tracker.onDeleted(owner, slice);
  }
}

/** For what is refused because the namespace of an object is being deleted. */
export function nullIfNamespaceGoes(error: unknown): null {
  const causes = error instanceof StatusError ? (error.status.details?.causes ?? []) : [];
  if (causes.some(({ reason }) => reason === 'NamespaceTerminating')) return null;
  throw error;
}

function nullIfGone(error: unknown): null {
  if (error instanceof StatusError && error.reason === 'NotFound') return null;
  throw error;
}
