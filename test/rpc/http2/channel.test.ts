import net from 'node:net';
import t, { type Test } from 'tap';
import { hostClock } from '../../../src/host/clock.js';
import { createHttp2Channel, type Http2ChannelOptions } from '../../../src/rpc/http2/channel.js';
import { FrameReader } from '../../../src/rpc/http2/frame-reader.js';
import { HpackDecoder } from '../../../src/rpc/http2/hpack/decoder.js';
import { ErrorCode, FrameType, preface, Setting } from '../../../src/rpc/http2/protocol.js';
import { CallError, type Channel, Status } from '../../../src/rpc/service.js';
import { KeyValue } from '../../../src/wire/gen/mvccpb.js';
import { ca } from '../certificates.js';
import { collect, Echo, message as textMessage, textOf } from '../echo-service.js';
import { eventually, receiveBytesMax, testTls } from '../support.js';
import {
  data,
  type Fields,
  frame,
  headers,
  message,
  rstStream,
  settings,
  windowUpdate,
} from './frames.js';
import { serveEcho } from './serve-echo.js';

function channelTo(t: Test, endpoint: string, options: Partial<Http2ChannelOptions> = {}): Channel {
  const channel = createHttp2Channel(endpoint, { clock: hostClock, ...options });
  t.teardown(() => channel.close());
  return channel;
}

async function failure(promise: Promise<unknown>): Promise<CallError> {
  const error = await promise.then(
    () => new Error('the call succeeded'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof CallError)) throw error;
  return error;
}

/** The whole answer to a call: hello. */
function answerOf(id: number): Buffer {
  return Buffer.concat([
    headers(id, okHead),
    message(id, hello, false),
    headers(id, okTrailers, true),
  ]);
}

/** A server that answers as it is told: `onCall` gets each call's stream, once its request is complete. */
async function handServer(
  t: Test,
  onCall: (socket: net.Socket, streamId: number, fields: ReadonlyMap<string, string>) => void,
  greeting: Uint8Array = settings(),
  onPing: (socket: net.Socket) => void = () => {},
): Promise<{ readonly endpoint: string; readonly sockets: net.Socket[] }> {
  const sockets: net.Socket[] = [];
  const server = net.createServer((socket) => {
    sockets.push(socket);
    const decoder = new HpackDecoder(4096);
    const calls = new Map<number, Map<string, string>>();
    const reader = new FrameReader({
      onFrame: (type, flags, streamId, bytes, start, end) => {
        if (type === FrameType.headers) {
          const fields = new Map<string, string>();
          decoder.decode(bytes, start, end, ({ name, value }) => void fields.set(name, value));
          calls.set(streamId, fields);
        }
        if (type === FrameType.ping) onPing(socket);
        const fields = calls.get(streamId);
        if (type === FrameType.data && (flags & 1) !== 0 && fields)
          onCall(socket, streamId, fields);
      },
    });
    let isFirst = true;
    socket.on('data', (chunk) => {
      reader.push(chunk, isFirst ? preface.length : 0);
      isFirst = false;
    });
    socket.on('error', () => {});
    socket.write(greeting);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`, sockets };
}

const okHead: Fields = [
  [':status', '200'],
  ['content-type', 'application/grpc'],
];
const okTrailers: Fields = [['grpc-status', '0']];
const hello = KeyValue.encode(textMessage('hello'));

function goaway(lastStreamId: number): Buffer {
  const payload = Buffer.alloc(8);
  payload.writeUInt32BE(lastStreamId);
  return frame(FrameType.goaway, 0, 0, payload);
}

const answers: readonly (readonly [
  string,
  (id: number) => Uint8Array[],
  number,
  string | RegExp,
  boolean,
])[] = [
  [
    'a status',
    (id) => [headers(id, [...okHead, ['grpc-status', '5'], ['grpc-message', 'no %25']], true)],
    Status.notFound,
    'no %',
    true,
  ],
  [
    'an unknown status',
    (id) => [headers(id, [...okHead, ['grpc-status', '77']], true)],
    Status.unknown,
    '',
    true,
  ],
  ['no status', (id) => [headers(id, okHead, true)], Status.internal, /without a status/, true],
  [
    'OK without a message',
    (id) => [headers(id, [...okHead, ...okTrailers], true)],
    Status.internal,
    /without a message/,
    true,
  ],
  [
    'HTTP 503',
    (id) => [headers(id, [[':status', '503']], true)],
    Status.unavailable,
    /HTTP status 503/,
    true,
  ],
  [
    'HTTP 404 with a page',
    (id) => [
      headers(id, [
        [':status', '404'],
        ['content-type', 'text/html'],
      ]),
      data(id, Buffer.from('<html>'), true),
    ],
    Status.unimplemented,
    /HTTP status 404/,
    true,
  ],
  [
    'malformed bytes',
    (id) => [
      headers(id, okHead),
      message(id, Uint8Array.of(0xff), false),
      headers(id, okTrailers, true),
    ],
    Status.internal,
    /malformed response/,
    true,
  ],
  [
    'a message that is too large',
    (id) => [headers(id, okHead), data(id, Uint8Array.of(0, 0, 1, 0, 0))],
    Status.resourceExhausted,
    /received message larger than max \(65536 vs. 1000\)/,
    true,
  ],
  [
    'a reset',
    (id) => [rstStream(id, ErrorCode.internalError)],
    Status.internal,
    /reset the stream \(HTTP\/2 error 2\)/,
    true,
  ],
  [
    'a refused stream',
    (id) => [rstStream(id, ErrorCode.refusedStream)],
    Status.unavailable,
    /error 7/,
    false,
  ],
  [
    'GOAWAY below the call',
    (id) => [goaway(id - 2 < 0 ? 0 : id - 2)],
    Status.unavailable,
    /going away/,
    false,
  ],
  [
    'garbage',
    () => [frame(FrameType.headers, 4, 1, Uint8Array.of(0x80))],
    Status.unavailable,
    /connection was lost/,
    true,
  ],
  [
    'a malformed header list',
    (id) => [headers(id, [...okHead, ['X', 'y']], true)],
    Status.internal,
    /error 1/,
    true,
  ],
];

t.test('a call fails as the server says, and knows whether it was seen', async (t) => {
  for (const [what, answer, code, text, sent] of answers) {
    const { endpoint } = await handServer(
      t,
      (socket, id) => void socket.write(Buffer.concat(answer(id))),
    );
    const channel = channelTo(t, endpoint, { receiveBytesMax: 1000 });
    const error = await failure(channel.unary(Echo.methods.Unary, textMessage('x')));
    t.strictSame([error.code, error.sent], [code, sent], what);
    if (typeof text === 'string') t.equal(error.message, text, what);
    else t.match(error.message, text, what);
  }
});

t.test('interim responses and trailers are told from the response', async (t) => {
  const { endpoint } = await handServer(
    t,
    (socket, id) =>
      void socket.write(Buffer.concat([headers(id, [[':status', '103']]), answerOf(id)])),
  );
  t.equal(
    textOf(await channelTo(t, endpoint).unary(Echo.methods.Unary, textMessage('x'))),
    'hello',
  );
});

t.test('a call says what it is: path, authority, deadline and metadata', async (t) => {
  const seen: ReadonlyMap<string, string>[] = [];
  const { endpoint } = await handServer(t, (socket, id, fields) => {
    seen.push(fields);
    socket.write(answerOf(id));
  });
  const channel = channelTo(t, endpoint);
  const options = { metadata: { Token: 'secret' }, timeoutMs: 5000 };
  for (let i = 0; i < 3; i++) await channel.unary(Echo.methods.Unary, textMessage('x'), options);
  await channel.unary(Echo.methods.Unary, textMessage('x'));
  const wanted = {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': Echo.methods.Unary.path,
    ':authority': endpoint.slice('http://'.length),
    'content-type': 'application/grpc',
    te: 'trailers',
    'user-agent': 'flotilla',
  };
  for (const fields of seen.slice(0, 3)) {
    t.strictSame(Object.fromEntries(fields), {
      ...wanted,
      token: 'secret',
      'grpc-timeout': '5000000u',
    });
  }
  t.strictSame(Object.fromEntries(seen[3]!), wanted);
});

t.test(
  'after GOAWAY the calls under way finish, and the next one has a new connection',
  async (t) => {
    const waiting: (() => void)[] = [];
    const { endpoint, sockets } = await handServer(t, (socket, id) => {
      const finish = () => void socket.write(answerOf(id));
      if (sockets.length === 1) waiting.push(finish);
      else finish();
    });
    const channel = channelTo(t, endpoint);
    const first = channel.unary(Echo.methods.Unary, textMessage('x'));
    await eventually(() => waiting.length === 1, 'the call has arrived');
    sockets[0]!.write(goaway(1));
    await eventually(
      () =>
        channel.unary(Echo.methods.Unary, textMessage('y')).then(
          () => sockets.length === 2,
          // Sent before GOAWAY came, and refused by it.
          () => false,
        ),
      'a new connection',
    );
    waiting[0]!();
    t.equal(textOf(await first), 'hello');
    await eventually(() => sockets[0]!.destroyed, 'the old connection is closed');
  },
);

t.test('calls that GOAWAY says were not looked at are made again, unnoticed', async (t) => {
  const seen: number[][] = [];
  const { endpoint, sockets } = await handServer(t, (socket, id) => {
    const connection = sockets.indexOf(socket);
    seen[connection] ??= [];
    seen[connection].push(id);
    if (connection > 0) socket.write(answerOf(id));
    else if (seen[0]!.length === 5) {
      socket.write(Buffer.concat([goaway(3), ...[1, 3].map((past) => answerOf(past))]));
    }
  });
  const channel = channelTo(t, endpoint);
  const calls = Array.from({ length: 5 }, () =>
    channel.unary(Echo.methods.Unary, textMessage('x'), { timeoutMs: 60_000 }),
  );
  t.strictSame((await Promise.all(calls)).map(textOf), Array(5).fill('hello'));
  t.strictSame(seen, [
    [1, 3, 5, 7, 9],
    [1, 3, 5],
  ]);
  await eventually(() => sockets[0]!.destroyed, 'the old connection is closed');
});

t.test(
  'a refused call is made again once, with all that was sent, or fails as unseen',
  async (t) => {
    let refusals = 0;
    const { endpoint } = await handServer(t, (socket, id) => {
      if (refusals-- > 0) socket.write(rstStream(id, ErrorCode.refusedStream));
      else socket.write(answerOf(id));
    });
    const channel = channelTo(t, endpoint);
    refusals = 1;
    t.equal(textOf(await channel.unary(Echo.methods.Unary, textMessage('x'))), 'hello');
    refusals = 1;
    const stream = channel.stream(Echo.methods.Both);
    stream.send(textMessage('a'));
    stream.send(textMessage('b'));
    stream.end();
    t.strictSame(await collect(stream.responses), ['hello']);
    refusals = 2;
    const error = await failure(channel.unary(Echo.methods.Unary, textMessage('x')));
    t.strictSame([error.code, error.sent, refusals], [Status.unavailable, false, 0]);
  },
);

t.test(
  'a stream is not made again once an answer has come, nor when it is too large',
  async (t) => {
    const { endpoint } = await handServer(t, (socket, id) => {
      const begin = [headers(id, okHead), message(id, hello, false)];
      socket.write(Buffer.concat([...begin, rstStream(id, ErrorCode.refusedStream)]));
    });
    const begun = channelTo(t, endpoint).stream(Echo.methods.Both);
    begun.send(textMessage('a'));
    begun.end();
    const read: string[] = [];
    const reading = async () => {
      for await (const response of begun.responses) read.push(textOf(response));
    };
    const error = await failure(reading());
    t.strictSame([error.code, read], [Status.unavailable, ['hello']]);

    let requests = 0;
    const refusing = await handServer(
      t,
      (socket, id) => {
        requests++;
        socket.write(rstStream(id, ErrorCode.refusedStream));
      },
      Buffer.concat([settings([Setting.initialWindowSize, 1 << 20]), windowUpdate(0, 1 << 20)]),
    );
    const large = channelTo(t, refusing.endpoint).stream(Echo.methods.Both);
    for (let i = 0; i < 3; i++) large.send({ value: new Uint8Array(100_000) });
    large.end();
    t.equal((await failure(collect(large.responses))).sent, false);
    t.equal(requests, 1);
  },
);

t.test("calls above the server's limit wait for their turn", async (t) => {
  let running = 0;
  let most = 0;
  const { endpoint } = await serveEcho(
    t,
    {
      Unary: async (request) => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
        return request;
      },
    },
    { limits: { receiveBytesMax, concurrentStreamsMax: 3 } },
  );
  const channel = channelTo(t, endpoint);
  const texts = Array.from({ length: 60 }, (_, i) => `call ${i}`);
  const abort = new AbortController();
  const cancelled = failure(
    channel.unary(Echo.methods.Unary, textMessage('x'), { signal: abort.signal }),
  );
  const calls = Promise.all(
    texts.map((text) => channel.unary(Echo.methods.Unary, textMessage(text))),
  );
  abort.abort();
  t.strictSame((await calls).map(textOf), texts);
  t.equal(most, 3);
  t.equal((await cancelled).code, Status.cancelled);
});

t.test('a server that says nothing, or something else, is not a server', async (t) => {
  const rude = await handServer(t, () => {}, Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const error = await failure(
    channelTo(t, rude.endpoint).unary(Echo.methods.Unary, textMessage('x')),
  );
  t.strictSame([error.code, error.sent], [Status.unavailable, false]);
});

t.test('a failed attempt to connect is not repeated at once', async (t) => {
  let now = 0;
  let attempts = 0;
  const server = net.createServer((socket) => {
    attempts++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const clock = { ...hostClock, now: () => now };
  const channel = channelTo(t, `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`, {
    clock,
  });
  const attempt = () => failure(channel.unary(Echo.methods.Unary, textMessage('x')));
  // [when, attempts so far]: 100 ms after the first failure, then 200, 400, 800, and 1000 from then on.
  for (const [atMs, count] of [
    [0, 1],
    [99, 1],
    [100, 2],
    [299, 2],
    [300, 3],
    [700, 4],
    [1500, 5],
    [2499, 5],
    [2500, 6],
  ] as const) {
    now = atMs;
    const error = await attempt();
    t.strictSame(
      [error.code, error.sent, attempts],
      [Status.unavailable, false, count],
      `at ${atMs} ms`,
    );
  }
});

t.test('messages of any size go both ways, over TLS too', async (t) => {
  const { endpoint } = await serveEcho(
    t,
    { Unary: (request) => request },
    { tls: testTls, limits: { receiveBytesMax: 8 << 20, concurrentStreamsMax: 100 } },
  );
  const channel = channelTo(t, endpoint, { tls: { ca } });
  for (const size of [0, 1, 16_379, 16_380, 65_535, 1_100_000, 8_000_000]) {
    const value = Buffer.alloc(size, size % 251);
    const answer = await channel.unary(Echo.methods.Unary, KeyValue.create({ value }));
    t.ok(value.equals(answer.value), `${size} bytes`);
  }
  const stranger = await failure(
    channelTo(t, endpoint).unary(Echo.methods.Unary, textMessage('x')),
  );
  t.strictSame([stranger.code, stranger.sent], [Status.unavailable, false], 'an unknown authority');
});

t.test('responses that nobody reads are not let in', async (t) => {
  let sent = 0;
  const { endpoint } = await serveEcho(t, {
    Down: async (stream) => {
      const bytes = KeyValue.encode({ value: new Uint8Array(50_000) });
      for (; sent < 400; sent++) if (!stream.sendEncoded(bytes)) await stream.drained();
    },
  });
  const channel = channelTo(t, endpoint);
  const stream = channel.stream(Echo.methods.Down);
  stream.send(textMessage('go'));
  stream.end();
  await eventually(() => sent > 20, 'it begins');
  let last = 0;
  await eventually(() => {
    const isStill = sent === last;
    last = sent;
    return isStill;
  }, 'it stops');
  t.ok(sent < 60, `${sent} of 400 sent`);
  t.equal((await collect(stream.responses)).length, 400);
});

t.test('a client that pings too often for its server pings less', async (t) => {
  const times: number[] = [];
  const { endpoint } = await handServer(
    t,
    (socket, id) => {
      if (times.length === 0) return;
      socket.write(answerOf(id));
    },
    settings(),
    (socket) => {
      times.push(performance.now());
      const tooMany = Buffer.concat([Buffer.alloc(8), Buffer.from('too_many_pings')]);
      tooMany.writeUInt32BE(ErrorCode.enhanceYourCalm, 4);
      socket.write(frame(FrameType.goaway, 0, 0, tooMany));
    },
  );
  const started = performance.now();
  const channel = channelTo(t, endpoint, { keepalive: { intervalMs: 40, timeoutMs: 60_000 } });
  t.equal(textOf(await channel.unary(Echo.methods.Unary, textMessage('x'))), 'hello');
  const waiting = channel.stream(Echo.methods.Both);
  waiting.send(textMessage('x'));
  await eventually(() => times.length > 1, 'another ping');
  // Timers may fire a millisecond before their time.
  const [first, second] = [times[0]! - started, times[1]! - times[0]!];
  t.ok(first >= 39, `${first} ms: the first interval`);
  t.ok(second >= 79, `${second} ms: the second interval is twice as long`);
});

t.test('a silent server is noticed while calls wait for it', async (t) => {
  const { endpoint } = await handServer(t, () => {});
  const channel = channelTo(t, endpoint, { keepalive: { intervalMs: 20, timeoutMs: 20 } });
  const error = await failure(channel.unary(Echo.methods.Unary, textMessage('x')));
  t.strictSame([error.code, error.sent], [Status.unavailable, true]);
});
