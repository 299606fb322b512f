import type { SchemaNode } from '../../machinery/schema-node.js';
import { ExactNumber, type ReadValue } from './decode-error.js';
import { goTypeOf } from './go-type.js';

/** Why a value cannot become what the schema says, in the words of Kubernetes' conversion of maps to types. */
export function conversionProblem(value: ReadValue, node: SchemaNode): string {
  const [from, kind] = [kindOf(value), kindOfNode(node)];
  switch (node.type) {
    case 'object':
      return `cannot restore struct from: ${from}`;
    case 'map':
      return `cannot restore map from ${from}`;
    case 'list':
      return `cannot restore slice from ${from}`;
    case 'int-or-string':
      return `json: cannot unmarshal ${jsonName(from)} into Go value of type int32`;
    default:
      break;
  }
  if (node.format === 'byte') return `cannot restore slice from ${from}`;
  if (node.format === 'date-time' || node.format === 'micro-time')
    return `json: cannot unmarshal ${jsonName(from)} into Go value of type string`;
  const isConvertible =
    (from === 'int64' && (kind === 'string' || node.type === 'integer')) ||
    (from === 'float64' && node.type === 'integer');
  return isConvertible
    ? `cannot convert ${from} to ${goTypeOf(node)}`
    : `unrecognized type: ${kind}`;
}

/** What Go has the value as. */
function kindOf(value: ReadValue): string {
  if (value instanceof ExactNumber) return /[.eE]/.test(value.text) ? 'float64' : 'int64';
  if (Array.isArray(value)) return 'slice';
  if (typeof value === 'object') return 'map';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : 'string';
}

function kindOfNode(node: SchemaNode): string {
  if (node.type === 'integer') return node.format === 'int32' ? 'int32' : 'int64';
  return { boolean: 'bool', number: 'float64' }[node.type as string] ?? 'string';
}

function jsonName(kind: string): string {
  if (kind === 'slice') return 'array';
  if (kind === 'map') return 'object';
  return kind === 'bool' || kind === 'string' ? kind : 'number';
}
