/**
 * A server that answers every GET with 2 KB, of the kind that the first argument names. Says its URL, and its processor time when
 * it is asked; goes with its parent.
 */
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { silentLogger } from '../../src/base/logger.js';
import { hostClock } from '../../src/host/clock.js';
import { createHttp2Server } from '../../src/rpc/http2/index.js';
import { listen, type WebHandler } from '../../src/rpc/index.js';
import { serverCert, serverKey } from '../../test/rpc/certificates.js';

/** Our own engine, and the least that node:http2 can do for such a request. */
export type WebServerKind = `${'http2' | 'node:http2'} ${'plain' | 'TLS'}`;

const body = Buffer.alloc(2048, '{"kind":"ConfigMap"}');
let count = 0;

function headers(): Record<string, string> {
  const id = '11111111-2222-3333-4444-555555555555';
  return {
    'audit-id': `${id}${count++}`,
    'cache-control': 'no-cache, private',
    'content-type': 'application/json',
    'x-kubernetes-pf-flowschema-uid': id,
    'x-kubernetes-pf-prioritylevel-uid': id,
    'content-length': String(body.length),
  };
}

async function serveOwn(isTls: boolean): Promise<number> {
  const web: WebHandler = async (_, response) => {
    response.start(200, headers());
    response.end(body);
  };
  const common = { web, clock: hostClock, logger: silentLogger };
  const rpc = createHttp2Server({
    ...common,
    services: [],
    limits: { receiveBytesMax: 2 << 20, concurrentStreamsMax: 1000 },
    keepalive: { intervalMs: 7_200_000, timeoutMs: 20_000 },
  });
  const tls = { cert: serverCert, key: serverKey, clientCa: null, clientCertAuth: false };
  const { port } = await listen({
    ...common,
    url: `http${isTls ? 's' : ''}://127.0.0.1:0`,
    tls: isTls ? tls : null,
    rpc,
    http: new Map(),
    silenceMsMax: 10_000,
  });
  return port;
}

async function serveNode(isTls: boolean): Promise<number> {
  const settings = { maxConcurrentStreams: 1000 };
  const server = isTls
    ? http2.createSecureServer({ cert: serverCert, key: serverKey, settings })
    : http2.createServer({ settings });
  server.on('stream', (stream: http2.ServerHttp2Stream) => {
    stream.respond({ ':status': 200, ...headers() });
    stream.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

if (process.send !== undefined) {
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpuUs: user + system });
  });
  process.on('disconnect', () => process.exit(0));
  const [engine, transport] = (process.argv[2] ?? '').split(' ');
  const isTls = transport === 'TLS';
  const port = await (engine === 'http2' ? serveOwn(isTls) : serveNode(isTls));
  process.send({ url: `http${isTls ? 's' : ''}://127.0.0.1:${port}/api/v1/namespaces/default` });
}
