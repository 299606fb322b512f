import type { JsonObject, JsonValue } from '../../machinery/json.js';
import type { SchemaNode } from '../../machinery/schema-node.js';
import { BuiltInSchemaNode } from '../built-in-schema-node.js';

/** What Go has where JSON has null inside a list or map. */
export function zeroOf(node: SchemaNode): JsonValue {
  switch (node.type) {
    case 'object': {
      const object: JsonObject = {};
      if (node instanceof BuiltInSchemaNode) writeZeroValues(object, node);
      return object;
    }
    case 'map':
      return {};
    case 'list':
      return [];
    case 'string':
      return node.format === 'date-time' || node.format === 'micro-time' ? null : '';
    case 'boolean':
      return false;
    case 'quantity':
      return '0';
    case 'any':
      return null;
    default:
      return 0;
  }
}

/** Adds the fields that Kubernetes writes even when nobody set them, as the empty `status` of a new object. */
export function writeZeroValues(object: JsonObject, node: BuiltInSchemaNode): void {
  for (const [name, field] of node.writtenFields) {
    if (!Object.hasOwn(object, name)) object[name] = zeroOf(field);
  }
}
