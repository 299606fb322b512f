import { apiVersionOf, type GroupVersionKind, type KubeObject } from '../../machinery/object.js';

/** An object's metadata alone, as a kind of its own (meta.k8s.io PartialObjectMetadata). */
export function partialObjectMetadata(object: KubeObject, as: GroupVersionKind): KubeObject {
  return { kind: as.kind, apiVersion: apiVersionOf(as), metadata: object.metadata };
}
