import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import type { Prng } from '../../src/base/prng.js';

/** What strangers and broken programs send to a port. */

/** HTTP/2's preface, then a SETTINGS frame without contents. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const settings = frame({ type: 4, flags: 0, stream: 0, payload: Buffer.alloc(0) });

/** Byte sequences to send, by name. Random ones come from `prng`. */
export function hostileBytes(prng: Prng): Readonly<Record<string, Buffer>> {
  return {
    nothing: Buffer.alloc(0),
    'one byte': Buffer.from('P'),
    'random bytes': randomBytes(prng, 4096),
    'many random bytes': randomBytes(prng, 300_000),
    zeros: Buffer.alloc(100_000),
    'a TLS greeting': Buffer.from('16030100a5010000a10303', 'hex'),
    'an HTTP/1.0 request': Buffer.from('GET / HTTP/1.0\r\n\r\n'),
    'half an HTTP/1.1 request': Buffer.from('GET /health HTTP/1.1\r\nHost: x\r\nX-A: '),
    'an endless header': Buffer.from(`GET / HTTP/1.1\r\nX: ${'y'.repeat(200_000)}`),
    'a request with a bad length': Buffer.from(
      'POST /v3/kv/put HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n',
    ),
    'half of the HTTP/2 preface': preface.subarray(0, 12),
    'the HTTP/2 preface alone': preface,
    'the preface and half a frame': Buffer.concat([preface, settings.subarray(0, 5)]),
    'a frame larger than allowed': Buffer.concat([
      preface,
      settings,
      Buffer.from('ffffff0000000000', 'hex'),
      Buffer.alloc(50_000),
    ]),
    'random frames': Buffer.concat([preface, settings, ...randomFrames(prng, 200)]),
    'headers that do not decode': Buffer.concat([
      preface,
      settings,
      frame({ type: 1, flags: 4, stream: 1, payload: Buffer.alloc(64, 0xff) }),
    ]),
    'a peer frame of four gigabytes': Buffer.from('ffffffffffffffffffffffff', 'hex'),
  };
}

/** Connects, sends the bytes, and waits for the answer's end, or half a second: what a broken program would do. */
export function sendBytes(port: number, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve) => {
    const received: Buffer[] = [];
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(bytes));
    const finish = () => {
      socket.destroy();
      resolve(Buffer.concat(received));
    };
    socket.setTimeout(500, finish);
    socket.on('data', (chunk: Buffer) => received.push(chunk));
    socket.on('error', finish); // Being cut off is one of the right answers.
    socket.on('close', finish);
  });
}

/** Opens connections that say nothing, or stop in the middle of their first words, and keeps them. */
export async function openSilent(port: number, count: number): Promise<Socket[]> {
  const open = (index: number) =>
    new Promise<Socket>((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1' }, () => {
        socket.off('error', reject);
        socket.on('error', () => {}); // It may be cut off; that is what is tested.
        if (index % 2 === 1) socket.write(preface.subarray(0, 1 + (index % 20)));
        resolve(socket);
      });
      socket.once('error', reject);
    });
  return Promise.all(Array.from({ length: count }, (_, index) => open(index)));
}

/** Starts an HTTP/2 request to a gRPC method and cuts the connection off in the middle of the message. */
export function truncateCall(endpoint: string, path: string): Promise<void> {
  return new Promise((resolve) => {
    const session = connectHttp2(`http://${endpoint}`);
    session.on('error', () => resolve());
    session.on('close', () => resolve());
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.on('error', () => {}); // The session's end is awaited.
    const header = Buffer.from([0, 0, 0, 3, 232]);
    stream.write(Buffer.concat([header, Buffer.alloc(10)]), () => session.destroy());
  });
}

function frame(f: { type: number; flags: number; stream: number; payload: Buffer }): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(f.payload.length, 0, 3);
  header.writeUInt8(f.type, 3);
  header.writeUInt8(f.flags, 4);
  header.writeUInt32BE(f.stream, 5);
  return Buffer.concat([header, f.payload]);
}

function randomFrames(prng: Prng, count: number): Buffer[] {
  return Array.from({ length: count }, () =>
    frame({
      type: prng.int(0, 12),
      flags: prng.int(0, 256),
      stream: prng.int(0, 6),
      payload: randomBytes(prng, prng.int(0, 64)),
    }),
  );
}

/** Random bytes. */
export function randomBytes(prng: Prng, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => prng.int(0, 256)));
}
