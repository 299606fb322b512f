import { withoutManagedFields } from '../../machinery/apply/index.js';
import type { KubeObject } from '../../machinery/object.js';
import type { StoredObject } from '../storage/contracts.js';

const encoder = new TextEncoder();

/** An object that is answered like a stored one but was not written: the result of a dry run. */
export function unstoredObject(object: KubeObject, revision = 0): StoredObject {
  let bytes: Uint8Array | null = null;
  const json = () => {
    bytes ??= encoder.encode(JSON.stringify(object));
    return bytes;
  };
  const bareJson = () => [encoder.encode(JSON.stringify(withoutManagedFields(object)))];
  const jsonAmongMany = ({ isBare }: { readonly isBare: boolean }) =>
    isBare ? bareJson() : [json()];
  return { object, revision, json, bareJson, jsonAmongMany };
}
