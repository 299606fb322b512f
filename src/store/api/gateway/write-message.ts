import type { FieldDescriptor, MessageCodec } from '../../../wire/descriptor.js';

/**
 * A message as JSON, as etcd writes it: names as in the .proto file, 64-bit integers as strings, bytes in base64, enums by name,
 * and nothing for a field with its default; but a member of a oneof always, since it says which of them there is.
 */
export function messageToJson(
  codec: Pick<MessageCodec<unknown>, 'fields'>,
  message: unknown,
): string {
  const values = message as Readonly<Record<string, unknown>>;
  const members: string[] = [];
  for (const field of codec.fields) {
    const value = values[field.name];
    if (isLeftOut(field, value)) continue;
    members.push(`"${field.protoName}":${fieldToJson(field, value)}`);
  }
  return `{${members.join(',')}}`;
}

function isLeftOut({ isRepeated, oneof, kind }: FieldDescriptor, value: unknown): boolean {
  if (value === undefined) return true;
  if (isRepeated) return (value as readonly unknown[]).length === 0;
  if (oneof !== null) return false;
  switch (kind) {
    case 'bytes':
      return (value as Uint8Array).length === 0;
    case 'message':
      return false;
    default:
      return value === 0 || value === 0n || value === false || value === '';
  }
}

function fieldToJson(field: FieldDescriptor, value: unknown): string {
  if (!field.isRepeated) return valueToJson(field, value);
  const elements = (value as readonly unknown[]).map((element) => valueToJson(field, element));
  return `[${elements.join(',')}]`;
}

function valueToJson(field: FieldDescriptor, value: unknown): string {
  switch (field.kind) {
    case 'bool':
    case 'int32':
    case 'uint32':
      return String(value);
    case 'int64':
    case 'uint64':
      return `"${String(value)}"`;
    case 'string':
      return JSON.stringify(value);
    case 'bytes':
      return `"${base64Of(value as Uint8Array)}"`;
    case 'enum':
      return enumToJson(field, value as number);
    case 'message':
      return messageToJson(field.message?.() ?? { fields: [] }, value);
  }
}

function enumToJson(field: FieldDescriptor, value: number): string {
  const name = Object.entries(field.enum?.() ?? {}).find(([, number]) => number === value)?.[0];
  return name === undefined ? String(value) : `"${name}"`;
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
