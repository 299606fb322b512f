import { gunzipSync } from 'node:zlib';
import { RpcError, Status } from '../service.js';

/** What `grpc-encoding` may say of a request (gRPC over HTTP/2, "Compression"), as `grpc-accept-encoding` lists it. */
export const acceptedEncodings = 'identity,gzip';

/** How the messages of a call are compressed that are marked as compressed. */
export type MessageEncoding = 'identity' | 'gzip';

/** The encoding that a `grpc-encoding` names, or null when we do not know it. */
export function messageEncodingOf(name: string): MessageEncoding | null {
  return name === 'identity' || name === 'gzip' ? name : null;
}

/** A received message that is compressed still. Where many wait they wait like this: it may become a thousand times as large. */
export class CompressedMessage {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/**
 * Decompresses a message. Throws RpcError, in grpc-go's words: for one that is larger than `bytesMax` when decompressed, without
 * decompressing more of it than that, and for one that is not gzip.
 */
export function gunzipMessage(bytes: Uint8Array, bytesMax: number): Uint8Array {
  try {
    const whole = gunzipSync(bytes, { maxOutputLength: bytesMax });
    return new Uint8Array(whole.buffer, whole.byteOffset, whole.length);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if ('code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') {
      const text = `grpc: received message after decompression larger than max ${bytesMax}`;
      throw new RpcError(Status.resourceExhausted, text, { cause: error });
    }
    const text = `grpc: failed to decompress the received message: ${error.message}`;
    throw new RpcError(Status.internal, text, { cause: error });
  }
}
