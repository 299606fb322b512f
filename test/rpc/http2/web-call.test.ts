import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t, { type Test } from 'tap';
import { ErrorCode, Flag, FrameType, Setting } from '../../../src/rpc/http2/protocol.js';
import { createHttp2Server } from '../../../src/rpc/http2/server.js';
import { readWebBody } from '../../../src/rpc/read-web-body.js';
import type { WebHandler } from '../../../src/rpc/web.js';
import { HandClock } from '../hand-clock.js';
import { deferred, eventually, receiveBytesMax, type ServeOptions, serve } from '../support.js';
import {
  data,
  type Fields,
  frame,
  headers,
  hello,
  rstStream,
  settings,
  windowUpdate,
} from './frames.js';
import { HandClient } from './hand-client.js';

function fields(path: string, more: Fields = [], method = 'POST'): Fields {
  return [
    [':method', method],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'test'],
    ...more,
  ];
}

async function open(t: Test, web: WebHandler, options: ServeOptions = {}) {
  const engine = { createServer: createHttp2Server };
  const served = await serve(t, engine, [], { ...options, web });
  const client = await HandClient.connect(t, served.port);
  client.send(hello);
  return { ...served, client };
}

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Bytes of this process that are in use. */
function heldBytes(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Whether the server has ended a stream. */
function isEnded(client: HandClient, streamId: number): boolean {
  return client.frames.some(
    (frame) =>
      frame.streamId === streamId &&
      (frame.type === FrameType.data || frame.type === FrameType.headers) &&
      (frame.flags & Flag.endStream) !== 0,
  );
}

const sum: WebHandler = async (request, response) => {
  const body = await readWebBody(request, { bytesMax: 64 << 20 });
  response.start(200, { 'content-type': 'text/plain' });
  response.end(Buffer.from(String(body.length)));
};

function textOf(client: HandClient, streamId: number): string {
  const parts = client.of(FrameType.data, streamId).map(({ payload }) => payload);
  return Buffer.concat(parts).toString();
}

t.test('a body has the length that its request says', async (t) => {
  const { client } = await open(t, sum);
  const said = (bytes: number) => fields('/', [['content-length', String(bytes)]]);
  client.send(headers(1, said(3)), data(1, Buffer.from('ab')), data(1, Buffer.from('c'), true));
  client.send(headers(3, said(3)), data(3, Buffer.from('abcd'), true));
  client.send(headers(5, said(3)), data(5, Buffer.from('ab'), true));
  client.send(headers(7, said(3), true));
  await eventually(() => isEnded(client, 1), 'the first is answered');
  t.equal(textOf(client, 1), '3');
  for (const id of [3, 5, 7]) t.equal(client.reset(id), ErrorCode.protocolError, `stream ${id}`);
  await client.settle();
  t.equal(client.goaway, undefined);
});

t.test('requests that HTTP/2 does not have are reset, and the connection goes on', async (t) => {
  const { client } = await open(t, sum);
  const bad: readonly Fields[] = [
    fields('nonsense'),
    fields('http://other/'),
    fields('/', [['Upper', 'x']]),
    fields('/', [['connection', 'close']]),
    fields('/', [['x', 'a\nb']]),
    fields('/', [['content-length', 'x']]),
    fields('/').slice(1),
    fields('/', [[':path', '/again']]),
  ];
  bad.forEach((list, i) => {
    client.send(headers(i * 2 + 1, list, true));
  });
  client.send(headers(101, fields('/', [], 'GET'), true));
  await eventually(() => isEnded(client, 101), 'a good one is answered');
  bad.forEach((list, i) => {
    t.equal(client.reset(i * 2 + 1), ErrorCode.protocolError, JSON.stringify(list));
  });
});

t.test('trailers of a request are read over', async (t) => {
  const { client } = await open(t, sum);
  client.send(headers(1, fields('/')), data(1, Buffer.from('abc')));
  client.send(headers(1, [['x-trailer', 'y']], true));
  await eventually(() => isEnded(client, 1), 'it is answered');
  t.equal(textOf(client, 1), '3');
});

t.test('windows open as the body is read, and not before', async (t) => {
  const release = deferred();
  const { client } = await open(t, async (request, response) => {
    await release.promise;
    await sum(request, response);
  });
  client.send(headers(1, fields('/')));
  const piece = Buffer.alloc(16_384);
  for (let i = 0; i < 64; i++) client.send(data(1, piece));
  await client.settle();
  t.strictSame(client.of(FrameType.windowUpdate, 1), [], 'all of a MiB is held back');
  release.resolve();
  await eventually(() => client.of(FrameType.windowUpdate, 1).length > 0, 'it is let in');
  client.send(data(1, piece, true));
  await eventually(() => isEnded(client, 1), 'it is answered');
  t.equal(textOf(client, 1), String(65 * 16_384));
});

t.test('handlers that read nothing leave the connection its window', async (t) => {
  const { client } = await open(t, async (_, response) => {
    response.start(403, {});
    response.end();
  });
  const piece = Buffer.alloc(16_384);
  // Twice the window of the connection, and each of them less than is dropped without a word.
  for (let id = 1; id < 16; id += 2) {
    client.send(headers(id, fields('/')));
    for (let i = 0; i < 128; i++) {
      client.send(data(id, piece, i === 127));
      if (i % 32 === 0) await client.settle();
    }
    await client.settle();
    t.equal(client.reset(id), undefined, 'its body is dropped');
  }
  client.send(headers(101, fields('/')));
  let sent = 0;
  for (; client.reset(101) === undefined && sent < 16 << 20; sent += piece.length * 16) {
    for (let i = 0; i < 16; i++) client.send(data(101, piece));
    await client.settle();
  }
  t.equal(client.reset(101), ErrorCode.noError, `told to stop after ${sent} bytes`);
  t.ok(sent >= 4 << 20 && sent < 6 << 20);
  t.equal(client.goaway, undefined);
});

t.test('a client that was answered may not take for ever to end its request', async (t) => {
  const { client } = await open(t, async (_, response) => {
    response.start(403, {});
    response.end();
  });
  client.send(headers(1, fields('/')));
  await eventually(() => client.reset(1) !== undefined, 'it is told to stop');
  t.equal(client.reset(1), ErrorCode.noError);
});

t.test('a body in frames of an octet costs what its octets do', async (t) => {
  const release = deferred();
  const { client } = await open(t, async (request, response) => {
    await release.promise;
    await sum(request, response);
  });
  client.send(headers(1, fields('/')));
  const octets = Buffer.concat(Array.from({ length: 50_000 }, () => data(1, Buffer.of(1))));
  const before = heldBytes();
  for (let i = 0; i < 10; i++) client.send(octets);
  await client.settle();
  const grown = heldBytes() - before;
  t.ok(grown < 20 << 20, `${grown} bytes more`);
  client.send(data(1, Buffer.of(1), true));
  release.resolve();
  await eventually(() => isEnded(client, 1), 'it is answered');
  t.equal(textOf(client, 1), '500001');
});

t.test('requests taken back over and over end the connection', async (t) => {
  const { client } = await open(t, sum);
  const parts = Array.from({ length: 12_000 }, (_, i) =>
    Buffer.concat([headers(i * 2 + 1, fields('/')), rstStream(i * 2 + 1)]),
  );
  client.send(...parts);
  await eventually(() => client.goaway !== undefined, 'GOAWAY');
  t.equal(client.goaway, ErrorCode.enhanceYourCalm);
});

t.test('requests taken back count as long as their handlers run', async (t) => {
  let most = 0;
  let running = 0;
  const release = deferred();
  const { client } = await open(
    t,
    async (_, response) => {
      most = Math.max(most, ++running);
      await release.promise;
      running--;
      response.start(200, {});
      response.end();
    },
    { limits: { receiveBytesMax, concurrentStreamsMax: 10 } },
  );
  for (let i = 0; i < 50; i++) {
    client.send(headers(i * 2 + 1, fields('/'), true), rstStream(i * 2 + 1));
  }
  await client.settle();
  t.equal(most, 10);
  t.equal(client.reset(21), ErrorCode.refusedStream);
  release.resolve();
  await eventually(() => running === 0, 'they settle');
  client.send(headers(201, fields('/'), true));
  await eventually(() => isEnded(client, 201), 'the next is taken');
});

t.test('what is written for a closed window waits, and its writer with it', async (t) => {
  let written = 0;
  const { client } = await open(t, async (_, response) => {
    response.start(200, {});
    for (; written < 50; written++) await response.write(Buffer.alloc(10_000));
    response.end();
  });
  client.send(settings([Setting.initialWindowSize, 0]), headers(1, fields('/'), true));
  await eventually(() => client.of(FrameType.headers, 1).length === 1, 'it begins');
  await client.settle();
  t.equal(client.dataBytes(1), 0);
  t.ok(written < 10, `${written} pieces written`);
  client.send(windowUpdate(1, 25_000));
  await eventually(() => client.dataBytes(1) === 25_000, 'as much as the window takes');
  client.send(windowUpdate(1, 1_000_000), windowUpdate(0, 1_000_000));
  await eventually(() => isEnded(client, 1), 'all of it');
  t.equal(client.dataBytes(1), 500_000);
});

t.test('what a turn writes for many watches leaves in one write', async (t) => {
  const write: (() => void)[] = [];
  const { client } = await open(t, async (request, response) => {
    response.start(200, {});
    write.push(() => {
      for (let i = 0; i < 3; i++) void response.write(Buffer.from(`event ${i}\n`));
    });
    await new Promise((resolve) => request.signal.addEventListener('abort', resolve));
  });
  for (let id = 1; id < 200; id += 2) client.send(headers(id, fields('/', [], 'GET'), true));
  await eventually(() => client.of(FrameType.headers).length === 100, 'all have begun');
  let chunkCount = 0;
  client.socket.on('data', () => chunkCount++);
  for (const one of write) one();
  await eventually(() => client.dataBytes() === 100 * 24, 'all have come');
  t.equal(chunkCount, 1);
});

t.test('header lists that differ by a timeout are not taken for one another', async (t) => {
  const { client } = await open(t, async (request, response) => {
    response.start(200, {});
    response.end(Buffer.from(request.headers.get('grpc-timeout') ?? ''));
  });
  for (const [id, timeout] of [
    [1, '1S'],
    [3, '2S'],
    [5, '2S'],
  ] as const) {
    client.send(headers(id, fields('/', [['grpc-timeout', timeout]], 'GET'), true));
    await eventually(() => isEnded(client, id), 'answered');
    t.equal(textOf(client, id), timeout);
  }
});

t.test('answers keep their own fields while the compression table turns over', async (t) => {
  const { client } = await open(t, async (request, response) => {
    const n = request.path.slice(1);
    response.start(200, {
      'content-type': `text/x-${n}`,
      'cache-control': `max-age=${Number(n) % 7}`,
      n,
    });
    response.end();
  });
  for (let i = 0; i < 400; i++) {
    // The peer's table shrinks and grows in between.
    if (i % 50 === 0) client.send(settings([Setting.headerTableSize, i % 100 === 0 ? 200 : 4096]));
    client.send(headers(i * 2 + 1, fields(`/${i % 90}`, [], 'GET'), true));
  }
  await eventually(() => client.of(FrameType.headers).length === 400, 'all are answered');
  for (let i = 0; i < 400; i++) {
    const n = i % 90;
    const { fields } = client.of(FrameType.headers, i * 2 + 1)[0]!;
    const isRight =
      fields['content-type'] === `text/x-${n}` &&
      fields['cache-control'] === `max-age=${n % 7}` &&
      fields.n === String(n);
    if (!isRight) t.fail(`${i}: ${JSON.stringify(fields)}`);
  }
  t.equal(client.goaway, undefined);
});

t.test('the end of the server is announced, and a watch is told when its time is up', async (t) => {
  const aborted = deferred();
  const clock = new HandClock();
  const watch: WebHandler = async (request, response) => {
    response.start(200, {});
    request.signal.addEventListener('abort', () => aborted.resolve());
    await aborted.promise;
  };
  const { client, close } = await open(t, watch, { clock });
  client.send(headers(1, fields('/', [], 'GET'), true));
  await eventually(() => client.of(FrameType.headers, 1).length === 1, 'it has begun');
  const closed = close(200);
  await eventually(() => client.goaway !== undefined, 'GOAWAY');
  t.equal(client.goaway, ErrorCode.noError);
  clock.advance(199);
  await client.settle();
  t.equal(client.isClosed, false, 'the watch goes on');
  clock.advance(1);
  await aborted.promise;
  await closed;
});

t.test('frames of a stream that is over are no fault of the connection', async (t) => {
  const { client } = await open(t, sum);
  client.send(headers(1, fields('/'), true));
  await eventually(() => isEnded(client, 1), 'answered');
  client.send(
    windowUpdate(1, 10),
    rstStream(1),
    frame(FrameType.priority, 0, 1, new Uint8Array(5)),
  );
  await client.settle();
  t.equal(client.goaway, undefined);
});
