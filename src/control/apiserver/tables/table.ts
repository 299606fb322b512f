import type { TableColumn, TableLayout } from '../../api/kind-definition.js';
import { fieldPath, notSupported } from '../../machinery/field-path.js';
import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { apiVersionOf, type GroupVersionKind, type KubeObject } from '../../machinery/object.js';
import { invalid } from '../../machinery/status-errors.js';
import { partialObjectMetadata } from './partial-object.js';

/** How much of an object comes with its row. */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

/** What the client wants of a table. */
export interface TableOptions {
  readonly includeObject: IncludeObject;
  /** `v1` or `v1beta1`. */
  readonly version: string;
}

/** Reads `?includeObject=`; throws 422 for what is none of the three. */
export function parseIncludeObject(query: URLSearchParams): IncludeObject {
  const value = query.get('includeObject') ?? '';
  if (value === '' || value === 'Metadata') return 'Metadata';
  if (value === 'None' || value === 'Object') return value;
  throw invalid({ group: 'meta.k8s.io', kind: 'TableOptions' }, '', [
    notSupported(fieldPath('includeObject'), value, ['Metadata', 'None', 'Object', '']),
  ]);
}

/** What a table is made of. */
export interface TableSource {
  readonly layout: TableLayout;
  readonly objects: readonly KubeObject[];
  /** Of the list, or of the single object. */
  readonly metadata: JsonObject;
  readonly nowMs: number;
  /** A watch sends the columns with its first event only. */
  readonly hasColumns: boolean;
}

/** The objects as `kubectl get` shows them (meta.k8s.io Table). */
export function renderTable(source: TableSource, options: TableOptions): JsonObject {
  return {
    kind: 'Table',
    apiVersion: apiVersionOf({ group: 'meta.k8s.io', version: options.version }),
    metadata: source.metadata,
    columnDefinitions: source.hasColumns ? source.layout.columns.map(columnDefinition) : [],
    rows: source.objects.map((object) => row(source, object, options)),
  };
}

function columnDefinition(column: TableColumn): JsonObject {
  const { name, type, format = '', description, priority } = column;
  return { name, type, format, description, priority };
}

function row(
  { layout, nowMs }: TableSource,
  object: KubeObject,
  { includeObject, version }: TableOptions,
): JsonObject {
  const cells = [...layout.cells(object, nowMs)] as JsonValue[];
  const conditions = layout.conditions?.(object) ?? [];
  const kind: GroupVersionKind = { group: 'meta.k8s.io', version, kind: 'PartialObjectMetadata' };
  return {
    cells,
    ...(conditions.length === 0 ? {} : { conditions: conditions as unknown as JsonValue }),
    object:
      includeObject === 'None'
        ? null
        : includeObject === 'Object'
          ? (object as unknown as JsonValue)
          : (partialObjectMetadata(object, kind) as unknown as JsonValue),
  };
}
