import type { JsonValue } from './json.js';

/** What a value may be. `any` is kept as it is: raw extensions, managed fields, preserved unknown fields of custom resources. */
export type SchemaType =
  | 'object'
  | 'map'
  | 'list'
  | 'string'
  | 'integer'
  | 'number'
  | 'boolean'
  | 'int-or-string'
  | 'quantity'
  | 'any';

/**
 * The schema of a value, of a built-in kind or of a custom resource. Immutable, shared, possibly recursive. Decoding, defaulting,
 * pruning, strategic merge patches and server-side apply all walk this.
 */
export interface SchemaNode {
  readonly type: SchemaType;
  /** As OpenAPI has it: `int32`, `int64`, `double`, `byte`, `date-time`, `micro-time`; '' without. */
  readonly format: string;
  /** Of an object; by JSON name. */
  readonly fields: ReadonlyMap<string, SchemaNode>;
  /** Names of fields that must be there. */
  readonly required: readonly string[];
  /** Of a map: its values. Of a list: its items. */
  readonly element: SchemaNode | undefined;
  /** Fields that the schema does not name are kept (custom resources). */
  readonly preservesUnknownFields: boolean;
  /** Server-side apply: how a list is merged. */
  readonly listType: 'atomic' | 'set' | 'map';
  /** Of a list of type map; in order. */
  readonly listMapKeys: readonly string[];
  /** Server-side apply: whether an object or map is one value. */
  readonly isAtomic: boolean;
  /** Strategic merge patch: `merge`, `replace`, `retainKeys`; several are possible. */
  readonly patchStrategies: readonly string[];
  /** Strategic merge patch of a list of objects; '' without. */
  readonly patchMergeKey: string;
  readonly isNullable: boolean;
  /** Filled in when the field is absent; undefined without. */
  readonly default: JsonValue | undefined;
}
