import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type tls from 'node:tls';
import t, { type Test } from 'tap';
import { WebClient, type WebClientResponse, type WebClientTls } from '../../src/rpc/web-client.js';
import { WebClientError, type WebClientErrorCode } from '../../src/rpc/web-errors.js';
import { ca, clientCert, clientKey, serverCert, serverKey } from './certificates.js';
import { closedPort, deferred, eventually, realClock } from './support.js';

/** Serves until the test ends, and returns the URL. */
async function listenOn(t: Test, server: net.Server, scheme: 'http' | 'https'): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `${scheme}://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
}

function openClient(t: Test): WebClient {
  const client = new WebClient({ clock: realClock });
  t.teardown(() => client.close());
  return client;
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const chunk of body) text += Buffer.from(chunk).toString();
  return text;
}

async function codeOf(outcome: Promise<unknown>): Promise<WebClientErrorCode | string> {
  try {
    await outcome;
    return 'none';
  } catch (error) {
    return error instanceof WebClientError ? error.code : String(error);
  }
}

const echo: http.RequestListener = async (request, response) => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  response.writeHead(200, { 'x-method': request.method, 'set-cookie': ['a', 'b'] });
  response.end(`${request.url} ${Buffer.concat(parts)}`);
};

t.test('WebClient asks over HTTP and HTTPS, with bodies of any kind', async (t) => {
  const plain = await listenOn(t, http.createServer(echo), 'http');
  const secure = https.createServer({ cert: serverCert, key: serverKey }, echo);
  const client = openClient(t);
  async function* pieces() {
    for (const text of ['one ', 'two ', 'three']) yield Buffer.from(text);
  }
  for (const base of [plain, await listenOn(t, secure, 'https')]) {
    const common = { tls: { ca } };
    const got = await client.request({ url: `${base}/a?b=c`, ...common });
    t.equal(got.status, 200);
    t.equal(got.headers.get('x-method'), 'GET');
    t.equal(got.headers.get('set-cookie'), 'a, b');
    t.equal(await textOf(got.body), '/a?b=c ');
    const posted = await client.request({
      url: `${base}/`,
      method: 'POST',
      body: Buffer.from('whole'),
      ...common,
    });
    t.equal(await textOf(posted.body), '/ whole');
    const streamed = await client.request({
      url: `${base}/`,
      method: 'PUT',
      body: pieces(),
      ...common,
    });
    t.equal(await textOf(streamed.body), '/ one two three');
  }
});

t.test('WebClient says where a body ends, whatever the method', async (t) => {
  let connections = 0;
  const server = http.createServer(echo).on('connection', () => connections++);
  const url = await listenOn(t, server, 'http');
  const client = openClient(t);
  async function* pieces() {
    for (const text of ['GET /other HTTP/1.1\r\n', 'host: a\r\n\r\n']) yield Buffer.from(text);
  }
  const whole = 'GET /other HTTP/1.1\r\nhost: a\r\n\r\n';
  const bodies = [() => pieces(), () => Buffer.from(whole), () => Buffer.alloc(0)];
  for (const method of ['DELETE', 'GET', 'OPTIONS', 'PATCH', 'POST'])
    for (const body of bodies) {
      const given = body();
      const answer = await client.request({ url: `${url}/a`, method, body: given });
      t.equal(answer.headers.get('x-method'), method);
      t.equal(
        await textOf(answer.body),
        `/a ${given instanceof Uint8Array && given.length === 0 ? '' : whole}`,
        method,
      );
    }
  const headers = { 'Content-Length': String(whole.length) };
  const said = await client.request({ url: `${url}/a`, method: 'DELETE', headers, body: pieces() });
  t.equal(await textOf(said.body), `/a ${whole}`);
  t.equal(connections, 1, 'each is a request of its own on the connection that is kept');
});

t.test('WebClient verifies the server, and shows its own certificate', async (t) => {
  const url = await listenOn(
    t,
    https.createServer(
      { cert: serverCert, key: serverKey, requestCert: true, ca, rejectUnauthorized: false },
      (request, response) => {
        const { subject } = (request.socket as tls.TLSSocket).getPeerCertificate();
        response.end(subject?.CN ?? 'nobody');
      },
    ),
    'https',
  );
  const client = openClient(t);
  const cases: readonly (readonly [WebClientTls, string])[] = [
    [{ ca }, 'nobody'],
    [{ ca, cert: clientCert, key: clientKey }, 'test client'],
    [{ isUnverified: true }, 'nobody'],
    [{}, 'tls'],
    [{ ca, serverName: 'localhost' }, 'nobody'],
    [{ ca, serverName: 'example.org' }, 'tls'],
    [{ ca, key: 'x', cert: 'y' }, 'bad-request'],
  ];
  for (const [options, expected] of cases) {
    const outcome = client.request({ url, tls: options }).then(({ body }) => textOf(body));
    const text = await outcome.catch((error) => error.code);
    t.equal(text, expected, JSON.stringify(Object.keys(options)));
  }
});

t.test('WebClient names what went wrong', async (t) => {
  const client = openClient(t);
  const cut = await listenOn(
    t,
    net.createServer((socket) => socket.once('data', () => socket.destroy())),
    'http',
  );
  const garbage = await listenOn(
    t,
    net.createServer((socket) => socket.end('what?\r\n\r\n')),
    'http',
  );
  const silent = await listenOn(t, net.createServer(), 'http');
  const half = await listenOn(
    t,
    net.createServer((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc')),
    ),
    'http',
  );
  const cases: readonly (readonly [string, string, WebClientErrorCode])[] = [
    ['no URL', 'nonsense', 'bad-request'],
    ['another scheme', 'ftp://127.0.0.1/', 'bad-request'],
    ['nobody listens', `http://127.0.0.1:${await closedPort()}`, 'connect'],
    ['an unknown host', 'http://no-such-host.invalid/', 'connect'],
    ['no TLS', garbage.replace('http:', 'https:'), 'tls'],
    ['cut', cut, 'broken'],
    ['no HTTP', garbage, 'broken'],
    ['silence', silent, 'timeout'],
    ['half an answer', half, 'broken'],
  ];
  for (const [what, url, code] of cases) {
    const asked = client.request({ url, timeoutMs: what === 'silence' ? 50 : 60_000 });
    t.equal(await codeOf(asked.then(({ body }) => textOf(body))), code, what);
  }
  const bad = client.request({ url: silent, headers: { 'x-a': 'b\r\nc' } });
  t.equal(await codeOf(bad), 'bad-request');
  const aborted = { url: silent, signal: AbortSignal.abort() };
  t.equal(await codeOf(client.request(aborted)), 'aborted');
  const abort = new AbortController();
  const asked = client.request({ url: silent, signal: abort.signal });
  abort.abort();
  t.equal(await codeOf(asked), 'aborted');
});

t.test('WebClient ends a body that takes too long, or is cancelled', async (t) => {
  const gone = new Set<string>();
  const url = await listenOn(
    t,
    http.createServer((request, response) => {
      response.write('begin');
      response.on('close', () => gone.add(request.url ?? ''));
    }),
    'http',
  );
  const client = openClient(t);
  // On a busy machine the answer may begin too late, which is no body that takes too long.
  let slow: WebClientResponse | undefined;
  for (let timeoutMs = 200; slow === undefined; timeoutMs *= 2) {
    try {
      slow = await client.request({ url: `${url}/slow`, timeoutMs });
    } catch (error) {
      t.match(error, { code: 'timeout' });
    }
  }
  t.equal(await codeOf(textOf(slow.body)), 'timeout');
  const abort = new AbortController();
  const stopped = await client.request({ url: `${url}/stopped`, signal: abort.signal });
  const reading = codeOf(textOf(stopped.body));
  abort.abort();
  t.equal(await reading, 'aborted');
  const left = await client.request({ url: `${url}/left` });
  for await (const _ of left.body) break;
  (await client.request({ url: `${url}/cancelled` })).cancel();
  await eventually(() => gone.size === 4, 'the server learns of all');
});

t.test('WebClient keeps connections, and asks again when the server has closed one', async (t) => {
  let connections = 0;
  let requests = 0;
  const server = http.createServer((_, response) => {
    requests++;
    response.end('x');
  });
  server.on('connection', () => connections++);
  const url = await listenOn(t, server, 'http');
  const client = openClient(t);
  for (let i = 0; i < 5; i++) await textOf((await client.request({ url })).body);
  t.strictSame([connections, requests], [1, 5]);

  // This one takes one request a connection, and resets it at the second.
  const fickle = net.createServer((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\ny');
      socket.once('data', () => socket.resetAndDestroy());
    });
  });
  const fickleUrl = await listenOn(t, fickle, 'http');
  const ask = async (method: string) => {
    const { body } = await client.request({ url: fickleUrl, method });
    return textOf(body);
  };
  t.equal(await ask('GET'), 'y');
  t.equal(await ask('GET'), 'y', 'asked again');
  t.equal(await codeOf(ask('POST')), 'broken', 'what may have had an effect is not repeated');
});

t.test('openUpgrade hands over the connection, or what was answered instead', async (t) => {
  const server = http.createServer((_, response) => {
    response.writeHead(403);
    response.end('no');
  });
  server.on('upgrade', (request, socket) => {
    if (request.url === '/no') {
      socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno');
      return;
    }
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: SPDY/3.1\r\nconnection: Upgrade\r\n\r\nearly',
    );
    socket.pipe(socket);
  });
  const url = await listenOn(t, server, 'http');
  const client = openClient(t);
  const headers = { upgrade: 'SPDY/3.1' };
  const upgraded = await client.openUpgrade({ url: `${url}/yes`, method: 'POST', headers });
  if (upgraded.kind !== 'upgraded') throw new Error('not upgraded');
  const { socket, head } = upgraded.connection;
  t.equal(upgraded.connection.headers.get('upgrade'), 'SPDY/3.1');
  const echoed = deferred<string>();
  let text = Buffer.from(head).toString();
  socket.on('data', (part: Buffer) => {
    text += part;
    if (text.length >= 9) echoed.resolve(text);
  });
  socket.write('late');
  t.equal(await echoed.promise, 'earlylate');
  socket.destroy();
  const refused = await client.openUpgrade({ url: `${url}/no`, headers });
  if (refused.kind !== 'answered') throw new Error('upgraded');
  t.equal(refused.response.status, 404);
  t.equal(await textOf(refused.response.body), 'no');
  t.equal(
    await codeOf(client.openUpgrade({ url: `http://127.0.0.1:${await closedPort()}` })),
    'connect',
  );
});
