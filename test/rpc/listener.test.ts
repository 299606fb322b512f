import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import t, { type Test } from 'tap';
import type { Clock } from '../../src/base/clock.js';
import { silentLogger } from '../../src/base/logger.js';
import { ListenError } from '../../src/host/listen-error.js';
import { createGrpcJsChannel, type GrpcJsChannelOptions } from '../../src/rpc/grpc-js/channel.js';
import { createGrpcJsServer } from '../../src/rpc/grpc-js/server.js';
import type { HttpHandler } from '../../src/rpc/http-routes.js';
import { implementService } from '../../src/rpc/implement.js';
import { type Listener, listen } from '../../src/rpc/listener.js';
import type { ListenerTls } from '../../src/rpc/listener-tls.js';
import { ca, clientCert, clientKey, serverCert, serverKey } from './certificates.js';
import { Echo, message, textOf } from './echo-service.js';
import { HandClock } from './hand-clock.js';
import { deferred, eventually, realClock } from './support.js';

const tls: ListenerTls = {
  cert: serverCert,
  key: serverKey,
  clientCa: null,
  clientCertAuth: false,
};

interface Opened {
  readonly listener: Listener;
  close(graceMs?: number): Promise<void>;
}

async function open(
  t: Test,
  options: { url: string; tls?: ListenerTls; silenceMsMax?: number; clock?: Clock },
  routes: Readonly<Record<string, HttpHandler>> = {},
): Promise<Opened> {
  const rpc = createGrpcJsServer({
    services: [implementService(Echo, { Unary: (request) => request })],
    clock: realClock,
    logger: silentLogger,
    limits: { receiveBytesMax: 10_000, concurrentStreamsMax: 100 },
    keepalive: { intervalMs: 60_000, timeoutMs: 20_000 },
  });
  const listener = await listen({
    tls: null,
    silenceMsMax: 60_000,
    clock: realClock,
    ...options,
    rpc,
    http: new Map(Object.entries(routes)),
    logger: silentLogger,
  });
  const close = async (graceMs = 0) => {
    await Promise.all([rpc.close({ graceMs }), listener.close({ graceMs })]);
  };
  t.teardown(() => close());
  return { listener, close };
}

async function echo(t: Test, endpoint: string, options: Omit<GrpcJsChannelOptions, 'clock'> = {}) {
  const channel = createGrpcJsChannel(endpoint, { clock: realClock, ...options });
  t.teardown(() => channel.close());
  return textOf(await channel.unary(Echo.methods.Unary, message('x'), { timeoutMs: 60_000 }));
}

async function listenError(options: { url: string; tls?: ListenerTls }): Promise<ListenError> {
  try {
    const listener = await listen({
      tls: null,
      ...options,
      rpc: { attach() {}, counts: () => [], close: async () => {} },
      http: new Map(),
      clock: realClock,
      logger: silentLogger,
      silenceMsMax: 1000,
    });
    await listener.close({ graceMs: 0 });
  } catch (error) {
    if (error instanceof ListenError) return error;
    throw error;
  }
  throw new Error(`listening on ${options.url} succeeded`);
}

const hello: HttpHandler = ({ method, path, query }) => ({
  status: 200,
  contentType: 'text/plain',
  body: `${method} ${path} ${query.get('q')}`,
});

t.test('listen serves gRPC and HTTP/1.1 on one port', async (t) => {
  const { listener } = await open(t, { url: 'http://127.0.0.1:0' }, { '/hello': hello });
  const url = `http://127.0.0.1:${listener.port}`;
  t.equal(await echo(t, url), 'x');
  const response = await fetch(`${url}/hello?q=1%202`);
  t.equal(await response.text(), 'GET /hello 1 2');
  t.equal((await fetch(`${url}/nope`)).status, 404);
  t.equal((await fetch(`${url}/hello`, { method: 'POST', body: 'ignored' })).status, 200);
});

t.test('listen serves both over TLS', async (t) => {
  const { listener } = await open(t, { url: 'https://127.0.0.1:0', tls }, { '/hello': hello });
  const url = `https://127.0.0.1:${listener.port}`;
  t.equal(await echo(t, url, { tls: { ca } }), 'x');
  t.equal(await httpsGet(`${url}/hello?q=1`, { ca }), 'GET /hello 1');
  await t.rejects(echo(t, url), { code: 14, sent: false }, 'an unknown authority is refused');
  await t.rejects(echo(t, url.replace('https', 'http')), { code: 14 }, 'plain text is refused');
});

t.test('listen wants certificates of clients when told so', async (t) => {
  const strict = { ...tls, clientCa: ca, clientCertAuth: true };
  const { listener } = await open(
    t,
    { url: 'https://127.0.0.1:0', tls: strict },
    { '/hello': hello },
  );
  const url = `https://127.0.0.1:${listener.port}`;
  const certified = { ca, cert: clientCert, key: clientKey };
  t.equal(await echo(t, url, { tls: certified }), 'x');
  t.equal(await httpsGet(`${url}/hello?q=1`, certified), 'GET /hello 1');
  await t.rejects(echo(t, url, { tls: { ca } }), { code: 14 });
  await t.rejects(httpsGet(`${url}/hello`, { ca }));
});

t.test('listen names the URL and the way out when it cannot', async (t) => {
  const { listener } = await open(t, { url: 'http://127.0.0.1:0' });
  const taken = `http://127.0.0.1:${listener.port}`;
  const cases: readonly (readonly [string, ListenerTls | undefined, string, RegExp])[] = [
    [taken, undefined, 'address-in-use', /in use/],
    ['http://192.0.2.1:0', undefined, 'bad-address', /does not have that address/],
    ['http://no-such-host.invalid:1', undefined, 'bad-address', /does not resolve/],
    ['nonsense', undefined, 'bad-address', /not a URL/],
    ['http://127.0.0.1', undefined, 'bad-address', /port is missing/],
    ['http://127.0.0.1:99999', undefined, 'bad-address', /not a URL/],
    ['https://127.0.0.1:0', undefined, 'bad-address', /scheme must be http/],
    ['http://127.0.0.1:0', tls, 'bad-address', /scheme must be https.*certificates/],
    ['https://127.0.0.1:0', { ...tls, key: 'x' }, 'bad-tls', /certificate or key/],
  ];
  for (const [url, withTls, code, text] of cases) {
    const error = await listenError(withTls === undefined ? { url } : { url, tls: withTls });
    t.equal(error.code, code, url);
    t.match(error.message, text, url);
    t.ok(error.message.includes(JSON.stringify(url)), `names ${url}`);
  }
});

t.test('a connection that stays silent is closed, one that speaks slowly is not', async (t) => {
  const clock = new HandClock();
  const { listener } = await open(t, { url: 'http://127.0.0.1:0', clock }, { '/hello': hello });
  const silent = net.connect(listener.port, '127.0.0.1');
  let isClosed = false;
  silent.on('close', () => {
    isClosed = true;
  });
  silent.resume();
  const slow = net.connect(listener.port, '127.0.0.1');
  const answer = deferred<string>();
  slow.once('data', (bytes) => answer.resolve(bytes.toString()));
  for (const part of ['G', 'E', 'T /hello?q=2 HTTP/1.1\r\n', 'host: x\r\n\r\n']) {
    slow.write(part);
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.match(await answer.promise, /200 OK[\s\S]*GET \/hello 2/);
  slow.destroy();
  t.equal(isClosed, false, 'not before its time');
  await eventually(() => {
    clock.advance(60_000);
    return isClosed;
  }, 'the silent one is closed');
});

t.test('an HTTP/1.1 client may not take for ever to say what it wants', async (t) => {
  const { listener } = await open(t, { url: 'http://127.0.0.1:0', silenceMsMax: 400 });
  const slow = net.connect(listener.port, '127.0.0.1');
  const closed = deferred();
  let answer = '';
  slow.on('close', () => closed.resolve());
  slow.setEncoding('utf8').on('data', (text: string) => {
    answer += text;
  });
  slow.on('error', () => {});
  slow.write('GET / HTTP/1.1\r\n');
  // One octet now and then, so that it never is silent.
  const drip = setInterval(() => slow.write('x'), 50);
  t.teardown(() => clearInterval(drip));
  await closed.promise;
  t.ok(answer === '' || answer.startsWith('HTTP/1.1 408'), answer);
});

t.test(
  'the kernel watches connections whose other half may be gone',
  { skip: process.platform !== 'linux' && 'only Linux shows the timers of its sockets' },
  async (t) => {
    const { listener } = await open(t, { url: 'http://127.0.0.1:0' });
    const client = net.connect(listener.port, '127.0.0.1');
    t.teardown(() => client.destroy());
    await new Promise((resolve) => client.once('connect', resolve));
    const hex = (port: number) => `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
    const ends = `${hex(listener.port)} 0100007F${hex(client.localPort!)}`;
    const timer = async () => {
      const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n');
      const fields = lines
        .find((line) => line.includes(ends))
        ?.trim()
        .split(/\s+/);
      return fields?.[5];
    };
    // Kind 02 is the keepalive timer; the rest is when it fires, in hundredths of a second.
    await eventually(async () => (await timer())?.startsWith('02:') === true, 'it is armed');
    const [, left] = (await timer())!.split(':');
    t.ok(Number.parseInt(left!, 16) <= 1500, `it fires in ${Number.parseInt(left!, 16)} cs`);
  },
);

t.test('close lets a request finish, drops idle connections and frees the port', async (t) => {
  const release = deferred();
  const started = deferred();
  const { listener, close } = await open(
    t,
    { url: 'http://127.0.0.1:0' },
    {
      '/slow': async () => {
        started.resolve();
        await release.promise;
        return { status: 200, contentType: 'text/plain', body: 'done' };
      },
    },
  );
  const { port } = listener;
  const idle = net.connect(port, '127.0.0.1');
  const idleClosed = deferred();
  idle.on('close', () => idleClosed.resolve());
  idle.resume();
  const slow = httpGet(`http://127.0.0.1:${port}/slow`);
  await started.promise;
  const closed = close(10_000);
  await idleClosed.promise;
  release.resolve();
  t.equal(await slow, 'done');
  await closed;
  const again = await open(t, { url: `http://127.0.0.1:${port}` });
  t.equal(again.listener.port, port);
});

t.test('close does not wait for those that are at their TLS handshake', async (t) => {
  const { listener, close } = await open(t, { url: 'https://127.0.0.1:0', tls });
  const silent = net.connect(listener.port, '127.0.0.1');
  const closed = deferred();
  silent.on('close', () => closed.resolve());
  silent.on('error', () => {});
  silent.resume();
  await new Promise((resolve) => silent.once('connect', resolve));
  t.equal(
    await echo(t, `https://127.0.0.1:${listener.port}`, { tls: { ca } }),
    'x',
    'others are served',
  );
  // Were it waited for, the test would not end.
  await close(2 ** 31 - 1);
  await closed.promise;
});

t.test('close drops a request that outlasts the grace', async (t) => {
  const started = deferred();
  const gone = deferred();
  const { listener, close } = await open(
    t,
    { url: 'http://127.0.0.1:0' },
    {
      '/stuck': async ({ signal }) => {
        signal.addEventListener('abort', () => gone.resolve());
        started.resolve();
        await gone.promise;
        return { status: 200, contentType: 'text/plain', body: 'too late' };
      },
    },
  );
  const stuck = httpGet(`http://127.0.0.1:${listener.port}/stuck`);
  stuck.catch(() => {});
  await started.promise;
  await close(30);
  await t.rejects(stuck);
  await gone.promise;
});

t.test('a handler that throws answers 500 without its text', async (t) => {
  const { listener } = await open(
    t,
    { url: 'http://127.0.0.1:0' },
    {
      '/bug': () => {
        throw new Error('secret');
      },
    },
  );
  const response = await fetch(`http://127.0.0.1:${listener.port}/bug`);
  t.equal(response.status, 500);
  t.notMatch(await response.text(), /secret/);
});

t.test('connections reset at any moment leave the listener serving', async (t) => {
  const { listener } = await open(t, { url: 'https://127.0.0.1:0', tls });
  for (let i = 0; i < 30; i++) {
    const socket = net.connect(listener.port, '127.0.0.1', () => {
      if (i % 3 > 0) socket.write(Buffer.from([0x16, 0x03, 0x01].slice(0, i % 3)));
      socket.resetAndDestroy();
    });
    socket.on('error', () => {});
    await new Promise<void>((resolve) => socket.on('close', () => resolve()));
  }
  await eventually(
    async () => (await echo(t, `https://127.0.0.1:${listener.port}`, { tls: { ca } })) === 'x',
    'it serves',
  );
});

function httpGet(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    http
      .get(url, { agent: false }, (response) => readAll(response, resolve, reject))
      .on('error', reject);
  });
}

function httpsGet(url: string, options: https.RequestOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    https
      .get(url, { ...options, agent: false }, (response) => readAll(response, resolve, reject))
      .on('error', reject);
  });
}

function readAll(
  response: http.IncomingMessage,
  resolve: (text: string) => void,
  reject: (error: Error) => void,
): void {
  let text = '';
  response.setEncoding('utf8');
  response.on('data', (part: string) => {
    text += part;
  });
  response.on('end', () => resolve(text));
  response.on('error', reject);
  response.on('aborted', () => reject(new Error('aborted')));
}
