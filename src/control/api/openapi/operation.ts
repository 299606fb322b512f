import type { GroupVersionKind } from '../../machinery/object.js';

/** An HTTP method of a path, lower-case as OpenAPI has it. */
export type HttpMethod = 'get' | 'put' | 'post' | 'delete' | 'options' | 'head' | 'patch';

/** What an operation takes and answers. */
export type ContentKind = 'object' | 'list' | 'patch' | 'any' | 'json';

/** One operation of the API, before it is written as OpenAPI of either version. */
export interface ApiOperation {
  /** With the names of parameters in braces. */
  readonly path: string;
  readonly method: HttpMethod;
  /** Unique; generated clients name their functions so. */
  readonly id: string;
  readonly tag: string;
  readonly description: string;
  /** `get`, `list`, `post` and so on; '' of what is no resource. */
  readonly action: string;
  /** What it is about; null of what is no resource. */
  readonly kind: GroupVersionKind | null;
  /** Names of query parameters, sorted. */
  readonly query: readonly string[];
  /** Query parameters that all operations of the path have. */
  readonly pathQuery: readonly string[];
  /** The definition of the body; '' without. */
  readonly body: string;
  readonly isBodyRequired: boolean;
  /** The definition of what is answered; '' for any text. */
  readonly answer: string;
  readonly codes: readonly number[];
  readonly content: ContentKind;
}
