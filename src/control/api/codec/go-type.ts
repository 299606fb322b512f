import type { SchemaNode } from '../../machinery/schema-node.js';
import { BuiltInSchemaNode } from '../built-in-schema-node.js';

const scalarTypes: Readonly<Record<string, string>> = {
  string: 'string',
  boolean: 'bool',
  number: 'float64',
  'int-or-string': 'intstr.IntOrString',
  quantity: 'resource.Quantity',
  any: 'interface {}',
};

/** What error texts of Kubernetes call the type of a value: `int32`, `[]v1.Container`, `map[string]string`. */
export function goTypeOf(node: SchemaNode): string {
  if (node instanceof BuiltInSchemaNode && node.goType !== '') return node.goType;
  if (node.type === 'list') return `[]${elementType(node)}`;
  if (node.type === 'map') return `map[string]${elementType(node)}`;
  if (node.type === 'integer') return node.format === 'int32' ? 'int32' : 'int64';
  if (node.format === 'byte') return '[]uint8';
  if (node instanceof BuiltInSchemaNode && node.definition !== '') {
    const parts = node.definition.split('.');
    return parts.slice(-2).join('.');
  }
  return scalarTypes[node.type] ?? node.type;
}

function elementType(node: SchemaNode): string {
  return node.element === undefined ? 'interface {}' : goTypeOf(node.element);
}
