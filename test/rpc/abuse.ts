import http2 from 'node:http2';
import net from 'node:net';
import type { Prng } from '../../src/base/prng.js';

/** Clients that break every rule at random moments. Everything they do ends by itself; nothing of it is awaited for an answer. */

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0';

/** A connection that sends the beginning of something and then garbage, and closes or resets. */
export function garbageConnection(port: number, prng: Prng): Promise<void> {
  const start = prng.pick([
    preface,
    preface,
    'GET ',
    'POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\n',
    '',
  ]);
  const bytes = Buffer.concat([Buffer.from(start, 'latin1'), prng.bytes(prng.int(0, 400))]);
  const isReset = prng.chance(0.5);
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.write(bytes, () => (isReset ? socket.resetAndDestroy() : socket.end()));
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve());
    socket.resume();
  });
}

/** Many calls on one connection, most of them wrong in some way, cancelled at any point; then the connection is cut. */
export async function hostileCalls(
  endpoint: string,
  paths: readonly string[],
  prng: Prng,
): Promise<void> {
  const session = http2.connect(endpoint);
  session.on('error', () => {});
  await new Promise((resolve) => session.once('connect', resolve));
  const calls = Array.from({ length: 200 }, () => hostileCall(session, paths, prng));
  if (prng.chance(0.5)) setImmediate(() => session.destroy());
  await Promise.all(calls);
  session.destroy();
}

function hostileCall(
  session: http2.ClientHttp2Session,
  paths: readonly string[],
  prng: Prng,
): Promise<void> {
  const stream = session.request({
    ':method': prng.pick(['POST', 'POST', 'POST', 'GET']),
    ':path': prng.pick(paths),
    'content-type': prng.pick(['application/grpc', 'application/grpc', 'text/plain', '']),
    'grpc-timeout': prng.pick(['1S', '99999999H', 'x', '0n', '1n', '2m']),
    'grpc-encoding': prng.pick(['identity', 'gzip', 'snappy', 'x']),
    hasleader: prng.pick(['true', 'x']),
    'client-api-version': prng.pick(['3.5', '\xff\xfe']),
    'x-bin': prng.pick(['AAAA', '%%%%', '']),
  });
  stream.on('error', () => {});
  stream.resume();
  const body = prng.bytes(prng.int(0, 30));
  const length = prng.pick([body.length, body.length, 0, 2 ** 31, 3]);
  const head = Buffer.alloc(5);
  head[0] = prng.pick([0, 0, 0, 1, 7]);
  head.writeUInt32BE(length, 1);
  stream.write(Buffer.concat([head, body]));
  const ending = prng.int(0, 4);
  return new Promise((resolve) => {
    stream.on('close', () => resolve());
    if (ending === 0) stream.close(http2.constants.NGHTTP2_CANCEL);
    else if (ending === 1) setImmediate(() => stream.close(http2.constants.NGHTTP2_CANCEL));
    else if (ending === 2) stream.end(() => setImmediate(() => stream.close()));
    else stream.end(() => setTimeout(() => stream.close(), 20));
  });
}
