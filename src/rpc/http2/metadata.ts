import type { Metadata } from '../service.js';
import type { HeaderField } from './hpack/field.js';

/** Fields that are the transport's own and not the caller's. */
const reserved: ReadonlySet<string> = new Set([
  'content-length',
  'content-type',
  'te',
  'grpc-accept-encoding',
  'grpc-encoding',
  'grpc-message',
  'grpc-message-type',
  'grpc-status',
  'grpc-timeout',
]);

/** A `-bin` value that is not base64. */
export class MetadataError extends Error {
  override readonly name = 'MetadataError';
}

/**
 * The caller's fields of a header list. Fields of one name keep their order. Those named `-bin` hold base64, with or without
 * padding, and possibly several values between commas (gRPC over HTTP/2, "Custom-Metadata"). Throws {@link MetadataError}.
 */
export function metadataOf(fields: readonly HeaderField[]): Metadata {
  const metadata = new Map<string, (string | Uint8Array)[]>();
  for (const { name, value } of fields) {
    if (name.startsWith(':') || reserved.has(name)) continue;
    const values = metadata.get(name) ?? [];
    if (values.length === 0) metadata.set(name, values);
    if (name.endsWith('-bin')) {
      for (const part of value.split(',')) values.push(fromBase64(name, part.trim()));
    } else {
      values.push(value);
    }
  }
  return metadata;
}

function fromBase64(name: string, text: string): Uint8Array {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.replace(/=+$/, '').length % 4 === 1) {
    throw new MetadataError(
      `malformed binary metadata ${JSON.stringify(text)} in header ${JSON.stringify(name)}`,
    );
  }
  return new Uint8Array(Buffer.from(text, 'base64'));
}
