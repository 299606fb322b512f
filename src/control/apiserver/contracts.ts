import type { Fence } from '../machinery/fence.js';
import type { FieldRequirement } from '../machinery/field-selector.js';
import type { LabelRequirement } from '../machinery/label-requirement.js';
import type { KubeObject } from '../machinery/object.js';

/** Who asks. */
export interface UserInfo {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** What the request is about, read from method and path (Kubernetes' RequestInfo). */
export interface RequestInfo {
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; the lower-case method for other paths. */
  readonly verb: string;
  readonly isResourceRequest: boolean;
  readonly path: string;
  readonly group: string;
  readonly version: string;
  /** '' for all namespaces and for cluster-scoped resources. */
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  /** '' when the request names no object. */
  readonly name: string;
}

/** What every step of the pipeline knows of a request. */
export interface RequestContext {
  readonly user: UserInfo;
  readonly info: RequestInfo;
  readonly isDryRun: boolean;
  readonly fieldManager: string;
  /** Its writes take effect only while this leadership lasts. Absent: nothing ties them to one. */
  readonly fence?: Fence;
  /** Milliseconds since the epoch when the request came. */
  readonly nowMs: number;
  /** Aborted when the client goes away or its time is up. */
  readonly signal: AbortSignal;
  /** Adds a Warning header; the same text once. */
  warn(text: string): void;
  /** Adds an annotation to the request's audit event. Absent where nothing is audited. */
  annotate?(key: string, value: string): void;
}

/** The headers and certificates that say who asks. */
export interface Credentials {
  readonly headers: ReadonlyMap<string, string>;
  /** DER of the client's certificate chain, leaf first, verified against no authority yet; empty without. */
  readonly peerCertificates: readonly Uint8Array[];
}

/** Tells who asks. Null: these credentials are none of its business. Throws StatusError 401 when they are and are wrong. */
export interface Authenticator {
  authenticate(credentials: Credentials): Promise<UserInfo | null>;
}

/** What an authorizer is asked: Kubernetes' authorizer.Attributes. */
export interface AuthorizationRequest {
  readonly user: UserInfo;
  readonly verb: string;
  readonly isResourceRequest: boolean;
  readonly path: string;
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** Selectors of a list, a watch or a deletion of many: as they were written, or what a review says of them. Absent: there is none. */
  readonly fieldSelector?: string | readonly FieldRequirement[];
  readonly labelSelector?: string | readonly LabelRequirement[];
}

/** `none`: no opinion, the next is asked. */
export interface AuthorizationDecision {
  readonly decision: 'allow' | 'deny' | 'none';
  /** Shown to the client when all have been asked. */
  readonly reason: string;
}

/** Tells whether a request may be made. Never throws for a refusal. */
export interface Authorizer {
  authorize(request: AuthorizationRequest): Promise<AuthorizationDecision> | AuthorizationDecision;
}

/** The write that admission looks at. */
export interface AdmissionRequest {
  readonly context: RequestContext;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** What `object` is when it is not of the resource's own kind: a Binding of a pod, an Eviction, the options of an exec. */
  readonly document?: { readonly group: string; readonly version: string; readonly kind: string };
  /** The new object: a mutating plugin may change it. Null for DELETE. */
  readonly object: KubeObject | null;
  /** What is stored; null for CREATE. */
  readonly oldObject: KubeObject | null;
  /** The options object of the request (CreateOptions and so on). */
  readonly options: KubeObject | null;
}

/** One admission plugin. Both phases throw StatusError to refuse. */
export interface AdmissionPlugin {
  readonly name: string;
  handles(operation: AdmissionRequest['operation']): boolean;
  /** May change `request.object`. All plugins' mutations run before any validation. */
  mutate?(request: AdmissionRequest): Promise<void> | void;
  validate?(request: AdmissionRequest): Promise<void> | void;
}

/** Reads objects in the same process, for admission, authorization and allocators; never writes. */
export interface ObjectReader {
  /** From the watch cache; undefined when it is not there. */
  get(
    resource: { readonly group: string; readonly resource: string },
    namespace: string,
    name: string,
  ): Promise<KubeObject | undefined>;
  /** All of a namespace, or of all namespaces with ''. */
  list(
    resource: { readonly group: string; readonly resource: string },
    namespace: string,
  ): Promise<readonly KubeObject[]>;
}
