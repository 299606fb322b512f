/**
 * A server of the method that does nothing, by the engine that the first argument names. Says its port, and its processor
 * time when it is asked; goes with its parent.
 */
import http2 from 'node:http2';
import { silentLogger } from '../../src/base/logger.js';
import { hostClock } from '../../src/host/clock.js';
import { createGrpcJsServer } from '../../src/rpc/grpc-js/index.js';
import { createHttp2Server } from '../../src/rpc/http2/index.js';
import { implementService, listen } from '../../src/rpc/index.js';
import { PutRequest, PutResponse } from '../../src/wire/index.js';
import { framed, nullMethod } from './null-service.js';

/** Our two engines, and the least that node:http2 can do for such a call. */
export const serverEngines = ['http2', 'node:http2', 'grpc-js'] as const;
export type ServerEngine = (typeof serverEngines)[number];

async function serve(engine: ServerEngine): Promise<number> {
  if (engine === 'node:http2') return serveNodeHttp2();
  const response = PutResponse.create();
  const service = implementService(
    { name: 'bench.Null', methods: { Unary: nullMethod } },
    { Unary: async () => response },
  );
  const create = engine === 'http2' ? createHttp2Server : createGrpcJsServer;
  const rpc = create({
    services: [service],
    clock: hostClock,
    logger: silentLogger,
    limits: { receiveBytesMax: 2 << 20, concurrentStreamsMax: 1000 },
    keepalive: { intervalMs: 7_200_000, timeoutMs: 20_000 },
  });
  const { port } = await listen({
    url: 'http://127.0.0.1:0',
    tls: null,
    rpc,
    http: new Map(),
    clock: hostClock,
    logger: silentLogger,
    silenceMsMax: 10_000,
  });
  return port;
}

/** Reads the message, decodes it, and answers as gRPC does. */
function serveNodeHttp2(): Promise<number> {
  const server = http2.createServer({ settings: { maxConcurrentStreams: 1000 } });
  const answer = framed(PutResponse.encode({}));
  const head = { ':status': 200, 'content-type': 'application/grpc' };
  server.on('stream', (stream) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      PutRequest.decode(Buffer.concat(chunks).subarray(5));
      stream.respond(head, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(answer);
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

if (process.send !== undefined) {
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpuUs: user + system });
  });
  process.on('disconnect', () => process.exit(0));
  process.send({ port: await serve(process.argv[2] as ServerEngine) });
}
