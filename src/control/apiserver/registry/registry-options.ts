import type { ServedResource } from '../../api/scheme.js';
import type { KubeObject, ManagedFieldsEntry } from '../../machinery/object.js';
import type { AdmissionRequest, RequestContext, RequestInfo } from '../contracts.js';
import type { ObjectStorage } from '../storage/contracts.js';

/** The admission plugins, in order. Both throw StatusError to refuse. */
export interface Admission {
  /** Lets all plugins change `request.object`. */
  mutate(request: AdmissionRequest): Promise<void>;
  /** Asks all plugins whether they agree to what will be written. */
  validate(request: AdmissionRequest): Promise<void>;
}

/** A create or update whose fields are noted as the manager's. Objects are in the version that is stored. */
export interface TrackedChange {
  readonly stored: ServedResource;
  /** What the request is about: its version is that of the note. */
  readonly info: Pick<RequestInfo, 'group' | 'version' | 'resource'>;
  /** What was there. */
  readonly live: KubeObject | null;
  /** What will be there; the note is made here. */
  readonly object: KubeObject;
  readonly manager: string;
  readonly subresource: string;
  readonly nowMs: number;
}

/** A configuration that is applied. */
export interface AppliedChange {
  /** In the version of the request. */
  readonly resource: ServedResource;
  /** What is there, in the version that is stored. */
  readonly live: KubeObject | null;
  /** As the client sent it, in the version of the request. */
  readonly applied: KubeObject;
  readonly manager: string;
  readonly force: boolean;
  readonly subresource: string;
  readonly nowMs: number;
}

/** An object whose scale is written. */
interface ScaleWrite {
  /** In the version of the request. */
  readonly resource: ServedResource;
  /** The object as it is stored. */
  readonly live: KubeObject;
  readonly scaleBefore: KubeObject;
  readonly manager: string;
  readonly nowMs: number;
}

/** A scale that was replaced or patched. */
export interface ScaledChange extends ScaleWrite {
  readonly scale: KubeObject;
}

/** A scale that is applied. */
export interface AppliedScale extends ScaleWrite {
  /** As the client sent it. */
  readonly applied: KubeObject;
  readonly force: boolean;
}

/** Who keeps track of which manager set which field (server-side apply's managedFields). */
export interface FieldManagement {
  /** Notes in the object what a write sets. */
  track(change: TrackedChange): void;
  /**
   * Merges an applied configuration into what is there: the new object, complete, in the version that is stored. Throws 409 with the
   * conflicts unless `force`.
   */
  apply(change: AppliedChange): KubeObject;
  /** The managed fields of an object whose scale was written. */
  trackScale(change: ScaledChange): ManagedFieldsEntry[] | undefined;
  /** Merges an applied scale into that of an object; with the managed fields of the object. Throws 409 like {@link apply}. */
  applyScale(change: AppliedScale): {
    readonly scale: KubeObject;
    readonly managedFields: ManagedFieldsEntry[] | undefined;
  };
}

/** What is reserved outside the object while a write is under way, such as a Service's addresses. */
export interface Reservation {
  /** The write was made. */
  commit(): Promise<void>;
  /** It was not: what was reserved is free again. */
  rollback(): Promise<void>;
}

/** What a kind does around the writing itself, beyond its pure rules. */
export interface RegistryHooks {
  /** After mutating admission, before validation; may complete the object. */
  beginCreate?(object: KubeObject, context: RequestContext): Promise<Reservation | null>;
  beginUpdate?(
    object: KubeObject,
    old: KubeObject,
    context: RequestContext,
  ): Promise<Reservation | null>;
  /** Something besides finalizers still keeps an object that is being deleted. */
  isHeld?(object: KubeObject): boolean;
  /** Its deletion begins with this write, which it may complete. */
  markDeleted?(object: KubeObject): void;
  /** The object is gone. */
  afterDelete?(object: KubeObject): Promise<void>;
}

/** What becomes of dependents when the client does not say (rest.GarbageCollectionPolicy). */
export type DefaultPropagation = 'Background' | 'Orphan' | 'Unsupported';

/** What a registry is made of. */
export interface RegistryOptions {
  /** In the version that is stored. */
  readonly row: ServedResource;
  readonly storage: ObjectStorage;
  readonly admission: Admission;
  readonly fieldManagement: FieldManagement | null;
  readonly hooks: () => RegistryHooks;
  readonly defaultPropagation: DefaultPropagation;
  /** Whether an immediate deletion answers the object; else a Status. */
  readonly returnsDeletedObject: boolean;
  /** Seconds that objects live, as events do; null: until they are deleted. */
  readonly ttlSeconds: number | null;
  /** A new universally unique id. */
  readonly newUid: () => string;
  /** A name that begins like `base` and is probably not taken. */
  readonly generateName: (base: string) => string;
}
