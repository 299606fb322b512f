import type { GroupResource, KubeObject } from '../../machinery/object.js';
import { conflict } from '../../machinery/status-errors.js';
import type { Preconditions } from './contracts.js';

/** Throws 409 Conflict unless the object is the one that the writer means. `storeKey` is for the text. */
export function checkPreconditions(
  preconditions: Preconditions,
  object: KubeObject | undefined,
  about: { readonly resource: GroupResource; readonly name: string; readonly storeKey: string },
): void {
  const { uid, resourceVersion } = preconditions;
  const actual = object?.metadata;
  const refuse = (what: string) => {
    // Kubernetes' storage error, printed into the conflict.
    const detail =
      `StorageError: invalid object, Code: 4, Key: ${about.storeKey}, ResourceVersion: 0, ` +
      `AdditionalErrorMsg: Precondition failed: ${what}`;
    throw conflict(about.resource, about.name, detail);
  };
  if (uid !== undefined && uid !== (actual?.uid ?? '')) {
    refuse(`UID in precondition: ${uid}, UID in object meta: ${actual?.uid ?? ''}`);
  }
  if (resourceVersion !== undefined && resourceVersion !== (actual?.resourceVersion ?? '')) {
    refuse(
      `ResourceVersion in precondition: ${resourceVersion}, ` +
        `ResourceVersion in object meta: ${actual?.resourceVersion ?? ''}`,
    );
  }
}
