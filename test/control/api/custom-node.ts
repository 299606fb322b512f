import type { SchemaNode } from '../../../src/control/machinery/schema-node.js';

type Given = Partial<Omit<SchemaNode, 'fields' | 'type'>> & {
  readonly type: SchemaNode['type'];
  readonly fields?: Readonly<Record<string, SchemaNode>>;
};

/** A node as a CustomResourceDefinition gives it; what is not said is off. */
export function customNode({ fields, ...given }: Given): SchemaNode {
  return {
    format: '',
    required: [],
    element: undefined,
    preservesUnknownFields: false,
    listType: 'atomic',
    listMapKeys: [],
    isAtomic: false,
    patchStrategies: [],
    patchMergeKey: '',
    isNullable: false,
    default: undefined,
    ...given,
    fields: new Map(Object.entries(fields ?? {})),
  };
}
