import type { FieldDescriptor, MessageCodec } from '../../../wire/index.js';

/** JSON as Go's encoding/json writes it; numbers may be bigints. Keys keep their order. */
export type GoJson =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly GoJson[]
  | { readonly [key: string]: GoJson };

/** Writes JSON without white space, 64-bit integers as numbers, and `<`, `>`, `&` escaped, as Go does by default. */
export function stringifyGoJson(value: GoJson): string {
  if (typeof value === 'bigint' || typeof value === 'number') return String(value);
  if (typeof value === 'string') return quoteJson(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `[${value.map((item) => stringifyGoJson(item)).join(',')}]`;
  const members = Object.entries(value as { readonly [key: string]: GoJson });
  return `{${members.map(([key, item]) => `${quoteJson(key)}:${stringifyGoJson(item)}`).join(',')}}`;
}

function quoteJson(text: string): string {
  const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(text).replace(/[<>&\u2028\u2029]/g, escaped);
}

/**
 * A message as the JSON of etcd's generated Go structs: protobuf field names, defaults left out, bytes in base64, enums as
 * numbers, a member of a oneof under its wrapper's Go names.
 */
export function messageToGoJson(
  codec: MessageCodec<unknown, never>,
  message: unknown,
): { [key: string]: GoJson } {
  const json: { [key: string]: GoJson } = {};
  const values = message as Readonly<Record<string, unknown>>;
  for (const field of codec.fields) {
    const value = values[field.name];
    if (isDefault(value)) continue;
    const converted = Array.isArray(value)
      ? value.map((item) => valueToGoJson(field, item))
      : valueToGoJson(field, value);
    if (field.oneof === null) json[field.protoName] = converted;
    else json[goName(field.oneof)] = { [goName(field.protoName)]: converted };
  }
  return json;
}

function isDefault(value: unknown): boolean {
  if (value === undefined || value === 0 || value === 0n || value === '' || value === false)
    return true;
  return (value instanceof Uint8Array || Array.isArray(value)) && value.length === 0;
}

function valueToGoJson(field: FieldDescriptor, value: unknown): GoJson {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (field.message !== undefined) return messageToGoJson(field.message(), value);
  return value as GoJson;
}

function goName(protoName: string): string {
  return protoName.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
