import { once } from 'node:events';
import { constants, createGzip } from 'node:zlib';
import type { Exchange } from '../exchange.js';

/** Answers smaller than this are sent as they are: packing them costs more than it saves. */
const gzipBytesMin = 128 * 1024;
/** An answer of no more parts than an object and its line feed is sent as it is. */
const partsPlainMax = 2;
/** Small parts are sent together. */
const pieceBytes = 64 * 1024;

/** Sends an answer that is there in parts, packed when it is large and the client takes that. */
export async function sendParts(
  exchange: Exchange,
  status: number,
  contentType: string,
  parts: readonly Uint8Array[],
): Promise<void> {
  if (exchange.isStarted) return;
  let size = 0;
  for (const part of parts) size += part.length;
  const headers = { 'content-type': contentType };
  if (exchange.request.method === 'HEAD') {
    exchange.start(status, { ...headers, 'content-length': String(size) });
    exchange.end();
  } else if (size >= gzipBytesMin && acceptsGzip(exchange)) {
    exchange.start(status, { ...headers, 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
    await writePacked(exchange, [parts]);
  } else {
    exchange.start(status, { ...headers, 'content-length': String(size) });
    await writeAll(exchange, parts.length <= partsPlainMax ? parts : gathered(parts));
  }
}

/**
 * Sends a long answer as its parts are made, each batch when the client has taken what was before: of a list of any length no more than a
 * batch is there at a time. How long it will be is not said.
 */
export async function sendStream(
  exchange: Exchange,
  status: number,
  contentType: string,
  batches: AsyncIterable<readonly Uint8Array[]>,
): Promise<void> {
  if (exchange.isStarted) return;
  const headers = { 'content-type': contentType };
  if (exchange.request.method === 'HEAD') {
    let size = 0;
    for await (const parts of batches) for (const part of parts) size += part.length;
    exchange.start(status, { ...headers, 'content-length': String(size) });
    exchange.end();
  } else if (acceptsGzip(exchange)) {
    exchange.start(status, { ...headers, 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
    await writePacked(exchange, batches);
  } else {
    exchange.start(status, headers);
    for await (const parts of batches)
      for (const piece of gathered(parts)) {
        const waiting = exchange.write(piece);
        if (waiting !== undefined) await waiting;
      }
    exchange.end();
  }
}

/** The last piece ends the answer, which is then a write the fewer. */
async function writeAll(exchange: Exchange, pieces: Iterable<Uint8Array>): Promise<void> {
  let last: Uint8Array | undefined;
  for (const piece of pieces) {
    const waiting = last === undefined ? undefined : exchange.write(last);
    if (waiting !== undefined) await waiting;
    last = piece;
  }
  exchange.end(last);
}

function acceptsGzip(exchange: Exchange): boolean {
  if (exchange.request.method !== 'GET') return false;
  const accepted = exchange.header('accept-encoding') ?? '';
  return accepted
    .split(',')
    .some((coding) => /^\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/i.test(coding));
}

async function writePacked(
  exchange: Exchange,
  batches: AsyncIterable<readonly Uint8Array[]> | Iterable<readonly Uint8Array[]>,
): Promise<void> {
  const gzip = createGzip({ level: constants.Z_BEST_SPEED });
  const sending = (async () => {
    for await (const chunk of gzip) await exchange.write(chunk as Uint8Array);
    exchange.end();
  })();
  for await (const parts of batches)
    for (const piece of gathered(parts)) if (!gzip.write(piece)) await once(gzip, 'drain');
  gzip.end();
  await sending;
}

/** Joins small parts; large ones go as they are, without copying. */
function* gathered(parts: readonly Uint8Array[]): Generator<Uint8Array> {
  let small: Uint8Array[] = [];
  let size = 0;
  for (const part of parts) {
    if (part.length >= pieceBytes) {
      if (size > 0) yield Buffer.concat(small, size);
      small = [];
      size = 0;
      yield part;
      continue;
    }
    small.push(part);
    size += part.length;
    if (size < pieceBytes) continue;
    yield Buffer.concat(small, size);
    small = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(small, size);
}
