import type { WebRequest } from './web.js';
import { BodyTooLargeError } from './web-errors.js';

/**
 * Reads the whole body. Rejects with BodyTooLargeError as soon as it must be larger than `bytesMax`, by its Content-Length before
 * any of it was read, and with ClientGoneError when the rest will not come.
 */
export async function readWebBody(
  request: WebRequest,
  { bytesMax }: { readonly bytesMax: number },
): Promise<Uint8Array> {
  const announced = Number(request.headers.get('content-length') ?? 0);
  if (announced > bytesMax) throw new BodyTooLargeError(bytesMax);
  const body = new GrowingBytes();
  for await (const chunk of request.body) {
    if (body.length + chunk.length > bytesMax) throw new BodyTooLargeError(bytesMax);
    body.add(chunk);
  }
  return body.bytes;
}

/** Chunks in one piece of memory: however small they are, what is kept is not much more than what has come. */
class GrowingBytes {
  /** The first chunk as it came, for most bodies have no other; from the second on, room that doubles. */
  #room: Uint8Array = new Uint8Array(0);
  length = 0;

  get bytes(): Uint8Array {
    return this.#room.subarray(0, this.length);
  }

  add(chunk: Uint8Array): void {
    if (this.length === 0) {
      this.#room = chunk;
    } else {
      const bytes = this.length + chunk.length;
      // Room is never exactly filled, so that what the first chunk lies in is not written to.
      if (bytes >= this.#room.length) this.#grow(bytes * 2);
      this.#room.set(chunk, this.length);
    }
    this.length += chunk.length;
  }

  #grow(bytes: number): void {
    const room = new Uint8Array(bytes);
    room.set(this.bytes);
    this.#room = room;
  }
}
