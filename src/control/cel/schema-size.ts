import type { JSONSchemaProps } from '../api/gen/apiextensions-v1.js';

/** Bytes that a value of a schema takes at least in a request. */
export function sizeMin(props: JSONSchemaProps): number {
  if (props.type === 'string') return 2 + (props.minLength ?? 0);
  if (props.type === 'boolean') return 4;
  if (props.type === 'array') return 2;
  if (props.type !== 'object') return 1;
  const required = props.required ?? [];
  return required.reduce((sum, name) => {
    const field = props.properties?.[name];
    return field === undefined ? sum : sum + name.length + 4 + sizeMin(field);
  }, 2);
}
