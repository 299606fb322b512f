import { defined } from '../../../base/assert.js';
import { type ApiResource, type Lister, objectKey } from '../../client/index.js';
import { apiVersionOf, type KubeObject, type OwnerReference } from '../../machinery/object.js';

/** The owner that manages an object, if it has one. */
export function controllerOf({ metadata }: KubeObject): OwnerReference | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}

/** Whether `owner` manages an object: the same object, not another of its name. */
export function isControlledBy(object: KubeObject, owner: KubeObject): boolean {
  const reference = controllerOf(object);
  return reference !== undefined && reference.uid === owner.metadata.uid;
}

/** The keys of owners of one kind: of those that are listed, and are the same objects that references name (UID). */
export function ownerKeys<T extends KubeObject>(
  resource: ApiResource<T>,
  owners: Lister<T>,
): (reference: OwnerReference, namespace: string) => string | undefined {
  const wanted = apiVersionOf(resource);
  return ({ apiVersion, kind, name = '', uid }, namespace) => {
    if (kind !== resource.kind || apiVersion !== wanted) return undefined;
    const owner = owners.get(namespace, name);
    return owner !== undefined && owner.metadata.uid === uid ? objectKey(owner) : undefined;
  };
}

/** The reference that makes `owner` the controller of what carries it. `owner` is a stored object with its apiVersion and kind. */
export function controllerReference(owner: KubeObject): OwnerReference {
  return {
    apiVersion: defined(owner.apiVersion, 'the apiVersion of an owner'),
    kind: defined(owner.kind, 'the kind of an owner'),
    name: defined(owner.metadata.name, 'the name of an owner'),
    uid: defined(owner.metadata.uid, 'the uid of an owner'),
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** Name of an index of informers: objects by the UID of their controller. */
export const controllerUidIndex = 'controller-uid';
/** Name of an index of informers: objects without a controller, by namespace. */
export const orphanIndex = 'orphan-namespace';

/** The indexes that {@link candidatesOf} reads; for `SharedInformers.of`. */
export const ownerIndexes = {
  [controllerUidIndex]: (object: KubeObject): readonly string[] => {
    const uid = controllerOf(object)?.uid;
    return uid === undefined ? [] : [uid];
  },
  [orphanIndex]: (object: KubeObject): readonly string[] =>
    controllerOf(object) === undefined ? [object.metadata.namespace ?? ''] : [],
} as const;

/** What an owner has and may claim: its own objects, and those of its namespace that have no controller. */
export function candidatesOf<T extends KubeObject>(
  lister: { byIndex(index: string, value: string): readonly T[] },
  owner: KubeObject,
): readonly T[] {
  const { uid, namespace = '' } = owner.metadata;
  return [
    ...lister.byIndex(controllerUidIndex, defined(uid, 'the uid of an owner')),
    ...lister.byIndex(orphanIndex, namespace),
  ];
}
