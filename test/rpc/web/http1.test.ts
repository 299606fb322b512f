import net from 'node:net';
import t, { type Test } from 'tap';
import { answerUpgrade } from '../../../src/rpc/http1/upgrade.js';
import { createHttp2Server } from '../../../src/rpc/http2/server.js';
import { readWebBody } from '../../../src/rpc/read-web-body.js';
import type { WebHandler, WebRequest } from '../../../src/rpc/web.js';
import { HandClock } from '../hand-clock.js';
import { deferred, eventually, type ServeOptions, serve } from '../support.js';

/** A client that writes what it is told to. */
class RawClient {
  text = '';
  isClosed = false;
  readonly socket: net.Socket;

  private constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', (part) => {
      this.text += part.toString('latin1');
    });
    socket.on('close', () => {
      this.isClosed = true;
    });
  }

  static async connect(t: Test, port: number): Promise<RawClient> {
    const socket = net.connect(port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    t.teardown(() => socket.destroy());
    return new RawClient(socket);
  }

  async sees(pattern: RegExp): Promise<void> {
    await eventually(() => pattern.test(this.text), `${pattern} in ${JSON.stringify(this.text)}`);
  }
}

async function open(t: Test, web: WebHandler, options: ServeOptions = {}) {
  const served = await serve(t, { createServer: createHttp2Server }, [], { ...options, web });
  return { ...served, client: await RawClient.connect(t, served.port) };
}

const echo: WebHandler = async (request, response) => {
  const body = await readWebBody(request, { bytesMax: 1 << 20 });
  response.start(200, {});
  response.end(Buffer.from(`<${request.method} ${request.path} ${Buffer.from(body)}>`));
};

/**
 * Sends the head of a request to a server that waits for heads for half a second only, or for as long as this machine, which may be busy,
 * needs to bring one there.
 */
async function openInTime(t: Test, head: string) {
  for (let silenceMsMax = 500; ; silenceMsMax *= 2) {
    let isAsked = false;
    const handle: WebHandler = (request, response) => {
      isAsked = true;
      return echo(request, response);
    };
    const { client } = await open(t, handle, { silenceMsMax });
    client.socket.write(head);
    await eventually(() => isAsked || client.isClosed, 'the head arrives, or is too late');
    if (isAsked) return { client, silenceMsMax };
  }
}

async function passing(ms: number): Promise<void> {
  const endMs = performance.now() + ms;
  await eventually(() => performance.now() >= endMs, `${ms} ms pass`);
}

t.test('requests sent ahead are answered in order', async (t) => {
  const { client } = await open(t, echo);
  let text = '';
  for (let i = 0; i < 50; i++) {
    text += `POST /${i} HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc`;
  }
  client.socket.write(text);
  await client.sees(/<POST \/49 abc>/);
  const paths = [...client.text.matchAll(/<POST \/(\d+) abc>/g)].map(([, i]) => Number(i));
  t.strictSame(
    paths,
    Array.from({ length: 50 }, (_, i) => i),
  );
});

t.test('requests that wait for their turn learn that the client is gone', async (t) => {
  const signals: AbortSignal[] = [];
  const { client } = await open(t, async (request, response) => {
    signals.push(request.signal);
    response.start(200, {});
    while (!request.signal.aborted) await response.write(Buffer.alloc(50_000));
  });
  client.socket.pause();
  client.socket.write('GET /1 HTTP/1.1\r\nhost: x\r\n\r\nGET /2 HTTP/1.1\r\nhost: x\r\n\r\n');
  await eventually(() => signals.length === 2, 'both run');
  client.socket.destroy();
  await eventually(() => signals.every(({ aborted }) => aborted), 'both are told');
});

t.test('chunked bodies arrive, and targets in absolute form are understood', async (t) => {
  let authority = '';
  const { client } = await open(t, async (request, response) => {
    ({ authority } = request);
    await echo(request, response);
  });
  client.socket.write(
    'PUT http://other:1/p?q HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n',
  );
  await client.sees(/<PUT \/p abcde>/);
  t.equal(authority, 'other:1');
  const broken = await RawClient.connect(t, client.socket.remotePort!);
  broken.socket.write('GET nonsense HTTP/1.1\r\nhost: x\r\n\r\n');
  await broken.sees(/^HTTP\/1.1 400 /);
  await eventually(() => broken.isClosed, 'and closed');
});

t.test('a body that is broken off reaches the reader as that', async (t) => {
  const outcome = deferred<unknown>();
  const { client, errors } = await open(t, async (request) => {
    await readWebBody(request, { bytesMax: 100 }).catch((error) => {
      outcome.resolve(error);
      throw error;
    });
  });
  client.socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc');
  client.socket.end();
  t.match(await outcome.promise, { name: 'ClientGoneError' });
  t.strictSame(errors, []);
});

t.test('header fields are bounded in size and in time', async (t) => {
  const { client } = await open(t, echo);
  client.socket.write(`GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(70_000)}\r\n\r\n`);
  await client.sees(/^HTTP\/1.1 431 /);
  const { client: slow } = await open(t, echo, { silenceMsMax: 400 });
  slow.socket.write('GET / HTTP/1.1\r\nhost: x\r\n');
  const drip = setInterval(() => slow.socket.write('x'), 50);
  t.teardown(() => clearInterval(drip));
  await eventually(() => slow.isClosed, 'it is closed');
  t.match(slow.text, /^(HTTP\/1.1 408 [\s\S]*)?$/);
});

t.test('a body may take longer than header fields may', async (t) => {
  const head = 'POST /slow HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n';
  const { client, silenceMsMax } = await openInTime(t, head);
  for (let i = 0; i < 5; i++) {
    await passing(silenceMsMax / 2);
    client.socket.write(String(i));
  }
  await client.sees(/<POST \/slow 01234>/);
  t.equal(client.isClosed, false);
});

t.test('a handler is handed the connections that ask for an upgrade', async (t) => {
  const asked = deferred<WebRequest>();
  const { client } = await open(t, echo, {
    upgrade: (request, socket, head) => {
      asked.resolve(request);
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n');
      socket.write(head);
      socket.pipe(socket);
    },
  });
  client.socket.write(
    'POST /exec?a=b HTTP/1.1\r\nhost: h\r\nconnection: Upgrade\r\nupgrade: SPDY/3.1\r\n\r\nearly ',
  );
  await client.sees(/early /);
  client.socket.write('late');
  await client.sees(/early late$/);
  const { method, path, query, authority, headers } = await asked.promise;
  t.strictSame([method, path, query, authority], ['POST', '/exec', 'a=b', 'h']);
  t.equal(headers.get('upgrade'), 'SPDY/3.1');
});

t.test('an upgraded connection has the grace of a close', async (t) => {
  const clock = new HandClock();
  const { client, close } = await open(t, echo, {
    clock,
    upgrade: (_, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
      socket.pipe(socket);
    },
  });
  client.socket.write('GET / HTTP/1.1\r\nhost: h\r\nconnection: Upgrade\r\nupgrade: x\r\n\r\n');
  await client.sees(/101/);
  const closed = close(200);
  client.socket.write('still there');
  await client.sees(/still there/);
  clock.advance(200);
  await closed;
  await eventually(() => client.isClosed, 'then it is closed');
});

t.test('answerUpgrade refuses with an answer of any kind', async (t) => {
  const { client } = await open(t, echo, {
    upgrade: (_, socket) =>
      answerUpgrade(socket, {
        status: 403,
        headers: { 'content-type': 'application/json' },
        body: Buffer.from('{}'),
      }),
  });
  client.socket.write('GET / HTTP/1.1\r\nhost: h\r\nconnection: Upgrade\r\nupgrade: x\r\n\r\n');
  await eventually(() => client.isClosed, 'it is closed');
  t.match(client.text, /^HTTP\/1.1 403 [\s\S]*content-length: 2\r\n[\s\S]*\r\n\r\n\{\}$/);
});

t.test('an upgrade to HTTP/2 is not taken: the request is answered like any other', async (t) => {
  const { client } = await open(t, echo, { upgrade: () => t.fail('it was handed over') });
  const ask = (path: string) =>
    `POST ${path} HTTP/1.1\r\nhost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\ncontent-length: 4\r\n\r\nbody`;
  client.socket.write(ask('/1'));
  await client.sees(/<POST \/1 body>/);
  client.socket.write(ask('/2'));
  await client.sees(/<POST \/2 body>/);
  client.socket.write('GET /3 HTTP/1.1\r\nhost: h\r\n\r\n');
  await client.sees(/<GET \/3 >/);
});

t.test('without an upgrade handler such a request is answered like any other', async (t) => {
  const { client } = await open(t, echo);
  client.socket.write(
    'GET /w HTTP/1.1\r\nhost: h\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n',
  );
  await client.sees(/<GET \/w >/);
});

t.test('an upgrade that is not for the upgrade handler is answered like any other', async (t) => {
  const taken: string[] = [];
  const { client } = await open(t, echo, {
    takesUpgrade: ({ path }) => path.endsWith('/exec'),
    upgrade: ({ path }, socket) => {
      taken.push(path);
      socket.end();
    },
  });
  const ask = (path: string) =>
    `GET ${path} HTTP/1.1\r\nhost: h\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n`;
  client.socket.write(ask('/watch'));
  await client.sees(/<GET \/watch >/);
  client.socket.write(ask('/exec'));
  await eventually(() => client.isClosed, 'it was handed over');
  t.strictSame(taken, ['/exec']);
});

t.test('a connection is kept between requests for longer than one may take to ask', async (t) => {
  const { client, silenceMsMax } = await openInTime(t, 'GET /1 HTTP/1.1\r\nhost: h\r\n\r\n');
  await client.sees(/<GET \/1 >/);
  await passing(silenceMsMax * 2.4);
  client.socket.write('GET /2 HTTP/1.1\r\nhost: h\r\n\r\n');
  await client.sees(/<GET \/2 >/);
});

t.test('CONNECT is not served', async (t) => {
  const { client } = await open(t, echo);
  client.socket.write('CONNECT other:1 HTTP/1.1\r\nhost: other:1\r\n\r\n');
  await eventually(() => client.isClosed, 'it is closed');
  t.equal(client.text, '');
});

t.test(
  'a client that is answered before it has sent its request may not take for ever',
  async (t) => {
    const { client } = await open(t, async (_, response) => {
      response.start(413, {});
      response.end();
    });
    client.socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\nabc');
    await client.sees(/^HTTP\/1.1 413/);
    await eventually(() => client.isClosed, 'it is closed');
  },
);
