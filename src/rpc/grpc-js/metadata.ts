import type { Metadata as GrpcMetadata } from '@grpc/grpc-js';
import type { Metadata } from '../service.js';

/** The fields of grpc-js metadata, in our form. */
export function fromGrpcMetadata(metadata: GrpcMetadata): Metadata {
  const fields = new Map<string, readonly (string | Uint8Array)[]>();
  for (const key of Object.keys(metadata.getMap())) fields.set(key, metadata.get(key));
  return fields;
}

/** A view of the bytes as the Buffer that grpc-js wants; nothing is copied. */
export function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Raw messages: the codec runs outside of grpc-js. */
export function identity(bytes: Buffer): Buffer {
  return bytes;
}
