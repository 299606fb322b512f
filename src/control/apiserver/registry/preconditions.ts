import type { GroupResource, KubeObject } from '../../machinery/object.js';
import { conflict } from '../../machinery/status-errors.js';
import type { Preconditions } from '../storage/contracts.js';

/** Throws 409 unless the object is the one that a write is meant for. */
export function checkPreconditions(
  resource: GroupResource,
  { metadata }: KubeObject,
  { uid, resourceVersion }: Preconditions,
): void {
  const name = metadata.name ?? '';
  if (uid !== undefined && uid !== metadata.uid) {
    throw conflict(
      resource,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid ?? ''}`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw conflict(
      resource,
      name,
      `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${metadata.resourceVersion ?? ''}`,
    );
  }
}
