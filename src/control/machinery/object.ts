import type { JsonObject } from './json.js';

/** Names an owner: when the last owner is gone, so is the object. */
export interface OwnerReference {
  apiVersion?: string;
  kind?: string;
  name?: string;
  uid?: string;
  /** At most one owner of an object is its managing controller. */
  controller?: boolean;
  /** The owner cannot be deleted in the foreground while this object is there. */
  blockOwnerDeletion?: boolean;
}

/** The fields that one manager last set in one version and way. */
export interface ManagedFieldsEntry {
  manager?: string;
  operation?: string;
  apiVersion?: string;
  time?: string;
  fieldsType?: string;
  fieldsV1?: JsonObject;
  subresource?: string;
}

/** What every object has beside its own fields. Times are RFC 3339 in UTC with seconds, as `2026-01-02T03:04:05Z`. */
export interface ObjectMeta {
  name?: string;
  generateName?: string;
  namespace?: string;
  selfLink?: string;
  uid?: string;
  /** The store's revision of the last change, in decimal. Opaque to clients; absent in what is stored. */
  resourceVersion?: string;
  /** Counts changes of the desired state. */
  generation?: number;
  creationTimestamp?: string;
  /** Set: the object is being deleted, and goes when `finalizers` is empty and its grace period is over. */
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: ManagedFieldsEntry[];
}

/**
 * An object of any kind. The generated types of built-in kinds (`src/control/api/gen`) and custom resources are all of this
 * shape. Who decodes one makes sure that `metadata` is there.
 */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
}

/** The object's fields by name; the same object, not a copy. */
export function fieldsOf(object: KubeObject): JsonObject {
  return object as unknown as JsonObject;
}

/** A kind in a version of its group; the core group is ''. */
export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** A resource in its group, as errors and rules name it; the core group is ''. */
export interface GroupResource {
  readonly group: string;
  readonly resource: string;
}

/** `v1`, or `apps/v1`. */
export function apiVersionOf({
  group,
  version,
}: Pick<GroupVersionKind, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}
