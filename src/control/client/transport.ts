import type { KubeObject } from '../machinery/object.js';
import type { ApiResource, ObjectPlace } from './api-resource.js';

/** What can be done with objects in one answer. */
export type ApiVerb =
  | 'get'
  | 'list'
  | 'create'
  | 'update'
  | 'patch'
  | 'delete'
  | 'deletecollection';

/** A request of the API without its watches, whatever carries it. */
export interface ApiCall {
  readonly verb: ApiVerb;
  readonly resource: ApiResource;
  readonly place: ObjectPlace;
  /** As the API names them: `labelSelector`, `resourceVersion`, `dryRun`. */
  readonly parameters: Readonly<Record<string, string>>;
  /** JSON of an object, of options, or a patch; null without. */
  readonly body: Uint8Array | null;
  /** Of the body. */
  readonly contentType: string;
}

/** What a watch asks for. */
export interface WatchCall {
  readonly resource: ApiResource;
  readonly place: ObjectPlace;
  readonly parameters: Readonly<Record<string, string>>;
}

/** One event of a watch as it comes. `ERROR` never gets here: it is thrown as the StatusError that it carries. */
export interface WatchEvent<T extends KubeObject = KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

/** Ends a request early. */
export interface CallControl {
  readonly signal?: AbortSignal;
}

/** Carries requests to an API server. Failures of the API reject with StatusError; those of the way with {@link UnreachableError}. */
export interface Transport {
  /** The JSON of the answer. */
  call(call: ApiCall, control?: CallControl): Promise<Uint8Array>;
  /**
   * The events as they come. Ends when the server ends the watch; rejects with StatusError for an ERROR event, or when the watch is
   * refused. Leaving the loop ends the watch.
   */
  watch(call: WatchCall, control?: CallControl): AsyncIterable<WatchEvent>;
  /** A document outside of the resources, such as `/apis`. */
  document(path: string, accept: string, control?: CallControl): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** The server could not be reached, or the connection broke before it answered. What was asked may have been done. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}
