import type { Metadata as GrpcMetadata } from '@grpc/grpc-js';
import type { Metadata } from '../service.js';

/** A field that the server itself adds to what the caller sent: who that is. */
export const peerHeader = 'x-flotilla-peer';

/** The fields of grpc-js metadata, in our form, without our own. */
export function fromGrpcMetadata(metadata: GrpcMetadata): Metadata {
  const fields = new Map<string, readonly (string | Uint8Array)[]>();
  for (const key of Object.keys(metadata.getMap())) {
    if (key !== peerHeader) fields.set(key, metadata.get(key));
  }
  return fields;
}

/** The caller's address. */
export function peerOf(metadata: GrpcMetadata): string {
  return String(metadata.get(peerHeader)[0] ?? 'unknown');
}

/** A view of the bytes as the Buffer that grpc-js wants; nothing is copied. */
export function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Raw messages: the codec runs outside of grpc-js. */
export function identity(bytes: Buffer): Buffer {
  return bytes;
}
