import type { EndpointSlice } from '../../api/gen/discovery-v1.js';
import type { ResourceClient } from '../../client/index.js';
import { ignoreNotFound, isNamespaceTerminating } from '../runtime/write-failures.js';
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
    try {
      tracker.onWritten(owner, await slices.create(slice, { signal }));
    } catch (error) {
      if (isNamespaceTerminating(error)) return;
      throw error;
    }
  }
  for (const slice of update) tracker.onWritten(owner, await slices.update(slice, { signal }));
  for (const slice of remove) {
    const { namespace = '', name = '' } = slice.metadata;
    await slices.delete({ namespace, name }, { signal }).catch(ignoreNotFound);
    tracker.onDeleted(owner, slice);
  }
}
