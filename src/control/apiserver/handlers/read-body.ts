import { requestEntityTooLarge } from '../../machinery/status-errors.js';
import type { Exchange } from '../exchange.js';

/** Bytes of a request's body at most, as kube-apiserver has it. */
export const bodyBytesMax = 3 * 1024 * 1024;

/** Reads the whole body; throws 413 once it is more than `max` bytes. */
export async function readBody(exchange: Exchange, max = bodyBytesMax): Promise<Uint8Array> {
  const declared = Number(exchange.header('content-length') ?? '0');
  if (declared > max) throw requestEntityTooLarge(`limit is ${max}`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of exchange.request.body) {
    size += chunk.length;
    if (size > max) throw requestEntityTooLarge(`limit is ${max}`);
    chunks.push(chunk);
  }
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
}
