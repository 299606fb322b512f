import t from 'tap';
import { HpackEncoder } from '../../../src/rpc/http2/hpack/encoder.js';
import { ErrorCode, Flag, FrameType, Setting } from '../../../src/rpc/http2/protocol.js';
import { encodedMessage } from '../../../src/rpc/service.js';
import { KeyValue } from '../../../src/wire/gen/mvccpb.js';
import { cpuMsOf } from '../../base/cpu-time.js';
import { Echo } from '../echo-service.js';
import { eventually, receiveBytesMax } from '../support.js';
import {
  data,
  frame,
  headers,
  hello,
  message,
  ping,
  prefixed,
  requestFields,
  rstStream,
  settings,
  windowUpdate,
} from './frames.js';
import { HandClient } from './hand-client.js';
import { serveEcho } from './serve-echo.js';

const none = new Uint8Array(0);
const unary = Echo.methods.Unary.path;
const both = Echo.methods.Both.path;
const down = Echo.methods.Down.path;

function times(count: number, part: Uint8Array): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => part));
}

const floods: readonly (readonly [string, Uint8Array])[] = [
  ['PING', times(3000, ping())],
  ['SETTINGS', times(3000, settings())],
  ['PRIORITY', times(3000, frame(FrameType.priority, 0, 1, new Uint8Array(5)))],
  ['frames of unknown types', times(3000, frame(0x77, 0, 0, none))],
  ['empty DATA', Buffer.concat([headers(1, requestFields(both)), times(3000, data(1, none))])],
  [
    'RST_STREAM on a closed stream',
    Buffer.concat([headers(1, requestFields(both)), times(3000, rstStream(1))]),
  ],
  [
    'small CONTINUATION',
    Buffer.concat([
      frame(FrameType.headers, 0, 1, none),
      times(100, frame(FrameType.continuation, 0, 1, none)),
    ]),
  ],
  [
    'large CONTINUATION',
    Buffer.concat([
      frame(FrameType.headers, 0, 1, none),
      times(20, frame(FrameType.continuation, 0, 1, new Uint8Array(16_384))),
    ]),
  ],
  [
    'calls cancelled at once',
    Buffer.concat(
      Array.from({ length: 12_000 }, (_, i) =>
        Buffer.concat([headers(i * 2 + 1, requestFields(unary)), rstStream(i * 2 + 1)]),
      ),
    ),
  ],
  [
    'calls that we are made to reset',
    Buffer.concat(
      Array.from({ length: 12_000 }, (_, i) =>
        Buffer.concat([headers(i * 2 + 1, requestFields(unary)), windowUpdate(i * 2 + 1, 0)]),
      ),
    ),
  ],
];

t.test('a flood ends its connection with ENHANCE_YOUR_CALM', async (t) => {
  const { port } = await serveEcho(t, {
    Unary: (request) => request,
    Both: async (stream) => {
      for await (const request of stream.requests) stream.send(request);
    },
  });
  for (const [what, bytes] of floods) {
    const client = await HandClient.connect(t, port);
    client.send(hello, bytes);
    await eventually(() => client.goaway !== undefined, what);
    t.equal(client.goaway, ErrorCode.enhanceYourCalm, what);
    await eventually(() => client.isClosed, `${what}: closed`);
  }
});

t.test('pings between answers are no flood', async (t) => {
  const { port } = await serveEcho(t, { Unary: (request) => request });
  const client = await HandClient.connect(t, port);
  client.send(hello);
  for (let i = 0; i < 5; i++) {
    const id = i * 2 + 1;
    client.send(times(900, ping()), headers(id, requestFields(unary)), message(id, none));
    await eventually(() => client.status(id) === 0, `call ${i}`);
  }
  t.equal(client.goaway, undefined);
});

t.test(
  'cancelled calls count as calls in progress until their handlers have settled',
  async (t) => {
    let running = 0;
    let most = 0;
    const finish: (() => void)[] = [];
    const { port } = await serveEcho(
      t,
      {
        Unary: async (request) => {
          most = Math.max(most, ++running);
          await new Promise<void>((resolve) => finish.push(resolve));
          running--;
          return request;
        },
      },
      { limits: { receiveBytesMax, concurrentStreamsMax: 10 } },
    );
    const client = await HandClient.connect(t, port);
    client.send(hello);
    for (let i = 0; i < 50; i++) {
      const id = i * 2 + 1;
      client.send(headers(id, requestFields(unary)), message(id, none), rstStream(id));
    }
    await client.settle();
    t.equal(most, 10);
    t.equal(client.reset(21), ErrorCode.refusedStream);
    for (const end of finish) end();
    await eventually(() => running === 0, 'the handlers settle');
    client.send(headers(201, requestFields(unary)), message(201, none));
    await eventually(() => running === 1, 'a call is taken again');
    finish.at(-1)!();
    await eventually(() => client.status(201) === 0, 'and answered');
  },
);

t.test('calls above the limit are refused as never seen', async (t) => {
  const { port } = await serveEcho(
    t,
    { Unary: (request) => request },
    { limits: { receiveBytesMax, concurrentStreamsMax: 3 } },
  );
  const client = await HandClient.connect(t, port);
  client.send(hello);
  for (const id of [1, 3, 5, 7]) client.send(headers(id, requestFields(unary)));
  await client.settle();
  const announced = client.of(FrameType.settings)[0]!.payload;
  t.strictSame(
    [announced.readUInt16BE(0), announced.readUInt32BE(2)],
    [Setting.maxConcurrentStreams, 3],
  );
  t.equal(client.reset(7), ErrorCode.refusedStream);
  client.send(message(1, none), message(3, none), message(5, none));
  await eventually(() => client.status(5) === 0, 'the others are served');
});

t.test(
  'a header list that is too large is refused, and the compression tables stay right',
  async (t) => {
    const { port } = await serveEcho(t, { Unary: (request) => request });
    const client = await HandClient.connect(t, port);
    const encoder = new HpackEncoder();
    const big = encoder.encode([
      ...requestFields(unary).map(([name, value]) => ({ name, value, kind: 'indexed' as const })),
      { name: 'big', value: 'x'.repeat(3000), kind: 'indexed' },
      ...Array.from({ length: 30 }, () => ({
        name: 'big',
        value: 'x'.repeat(3000),
        kind: 'indexed' as const,
      })),
    ]);
    t.ok(big.length < 3000, 'a small block: the list is large by references');
    client.send(hello, frame(FrameType.headers, Flag.endHeaders | Flag.endStream, 1, big));
    await eventually(() => client.status(1) !== undefined, 'the refusal');
    t.match(client.of(FrameType.headers, 1)[0]!.fields, { ':status': '431', 'grpc-status': '8' });
    const again = encoder.encode(
      requestFields(unary).map(([name, value]) => ({ name, value, kind: 'indexed' as const })),
    );
    client.send(frame(FrameType.headers, Flag.endHeaders, 3, again), message(3, none));
    await eventually(() => client.status(3) === 0, 'the next call');
  },
);

t.test('an HPACK bomb costs no more than its own size', async (t) => {
  const { port } = await serveEcho(t, { Unary: (request) => request });
  const client = await HandClient.connect(t, port);
  client.send(hello);
  const entry = new HpackEncoder().encode([
    { name: 'x', value: 'y'.repeat(4000), kind: 'indexed' },
  ]);
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 20; i++) {
    const bomb = Buffer.concat([i === 0 ? entry : none, Buffer.alloc(12_000, 0xbe)]);
    client.send(frame(FrameType.headers, Flag.endHeaders | Flag.endStream, i * 2 + 1, bomb));
  }
  await eventually(() => client.status(39) === 8, 'all are refused');
  t.ok(
    process.memoryUsage().heapUsed - before < 64 << 20,
    '20 x 12,000 x 4,000 octets were not built',
  );
});

t.test('a closed window holds a response back, and opens it octet by octet', async (t) => {
  const value = Buffer.alloc(1000, 7);
  const { port } = await serveEcho(t, { Unary: () => KeyValue.create({ value }) });
  const client = await HandClient.connect(t, port);
  client.send(hello, settings([Setting.initialWindowSize, 0]));
  client.send(headers(1, requestFields(unary)), message(1, none));
  await client.settle();
  t.equal(client.dataBytes(), 0);
  client.send(windowUpdate(1, 1));
  await eventually(() => client.dataBytes() === 1, 'one octet');
  client.send(settings([Setting.initialWindowSize, 500]));
  await eventually(() => client.dataBytes() === 501, 'as many as the new window');
  client.send(settings([Setting.initialWindowSize, 100]), windowUpdate(1, 300));
  await client.settle();
  t.equal(client.dataBytes(), 501, 'the window was negative');
  client.send(windowUpdate(1, 10_000));
  await eventually(() => client.status(1) === 0, 'the rest');
  const expected = prefixed(KeyValue.encode({ value }));
  t.strictSame(Buffer.concat(client.of(FrameType.data, 1).map(({ payload }) => payload)), expected);
});

t.test(
  'answers that wait for a window are bounded, all calls of a connection together',
  async (t) => {
    const whole = encodedMessage(KeyValue.encode({ value: new Uint8Array(8 << 20) }));
    const { port } = await serveEcho(t, { Unary: () => whole });
    const client = await HandClient.connect(t, port);
    client.send(hello, settings([Setting.initialWindowSize, 0]));
    for (let i = 0; i < 80; i++) {
      client.send(headers(i * 2 + 1, requestFields(unary)), message(i * 2 + 1, none));
    }
    await client.settle();
    const refused = client.frames.filter(({ fields }) => fields['grpc-status'] === '8').length;
    t.equal(refused, 80 - 64, 'beyond 512 MiB');
    client.send(...Array.from({ length: 64 }, (_, i) => rstStream(i * 2 + 1)));
    client.send(headers(201, requestFields(unary)), message(201, none));
    client.send(settings([Setting.initialWindowSize, 1 << 24]), windowUpdate(0, 1 << 24));
    await eventually(() => client.status(201) === 0, 'a call is served again');
  },
);

t.test('streams share the connection window fairly', async (t) => {
  const { port } = await serveEcho(t, {
    Unary: () => KeyValue.create({ value: new Uint8Array(200_000) }),
  });
  const client = await HandClient.connect(t, port);
  client.send(hello, settings([Setting.initialWindowSize, 1_000_000]));
  for (const id of [1, 3, 5]) client.send(headers(id, requestFields(unary)), message(id, none));
  await eventually(() => client.dataBytes() === 65_535, 'the connection window is used up');
  for (let i = 0; i < 6; i++) {
    client.send(windowUpdate(0, 16_384));
    await eventually(() => client.dataBytes() === 65_535 + (i + 1) * 16_384, `update ${i}`);
  }
  const shares = [1, 3, 5].map((id) => client.dataBytes(id));
  t.ok(Math.max(...shares) - Math.min(...shares) <= 2 * 16_384, `shares ${shares}`);
});

t.test(
  'a client that exceeds the stream window loses the stream, the connection window the connection',
  async (t) => {
    const { port } = await serveEcho(t, {
      Both: async (stream) => {
        await new Promise<void>((resolve) =>
          stream.signal.addEventListener('abort', () => resolve()),
        );
      },
    });
    const client = await HandClient.connect(t, port);
    const chunk = prefixed(new Uint8Array(16_384 - 5));
    client.send(hello, headers(1, requestFields(both)), times(65, data(1, chunk)));
    await eventually(() => client.reset(1) === ErrorCode.flowControlError, 'the stream is reset');
    t.equal(client.goaway, undefined);
    const other = await HandClient.connect(t, port);
    other.send(hello);
    for (let i = 0; i < 9; i++) {
      other.send(headers(i * 2 + 1, requestFields(both)), times(63, data(i * 2 + 1, chunk)));
    }
    await eventually(() => other.goaway === ErrorCode.flowControlError, 'the connection ends');
  },
);

t.test(
  'what nobody reads is not let in: a handler holds its caller back by the window',
  async (t) => {
    let release = () => {};
    const { port } = await serveEcho(t, {
      Both: async (stream) => {
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        for await (const request of stream.requests) stream.send(request);
      },
    });
    const client = await HandClient.connect(t, port);
    const chunk = prefixed(KeyValue.encode({ value: new Uint8Array(8000) }));
    client.send(hello, windowUpdate(0, 1 << 24), settings([Setting.initialWindowSize, 1 << 24]));
    client.send(headers(1, requestFields(both)), times(100, data(1, chunk)));
    await client.settle();
    t.equal(client.of(FrameType.windowUpdate, 1).length, 0, 'no window while nobody reads');
    release();
    await eventually(
      () => client.of(FrameType.windowUpdate, 1).length > 0,
      'window once they are read',
    );
    await eventually(() => client.dataBytes(1) === 100 * chunk.length, 'all answered');
  },
);

t.test(
  'a client that does not read bounds what is kept for it, and is not read from either',
  async (t) => {
    const value = new Uint8Array(100_000);
    let sent = 0;
    let isAborted = false;
    const { port } = await serveEcho(t, {
      Down: async (stream) => {
        stream.signal.addEventListener('abort', () => {
          isAborted = true;
        });
        const bytes = KeyValue.encode({ value });
        while (!stream.signal.aborted) {
          sent += bytes.length;
          if (!stream.sendEncoded(bytes)) await stream.drained();
        }
      },
    });
    const client = await HandClient.connect(t, port);
    client.socket.pause();
    client.send(hello, windowUpdate(0, 2 ** 30), settings([Setting.initialWindowSize, 2 ** 30]));
    for (const id of [1, 3, 5]) client.send(headers(id, requestFields(down)), message(id, none));
    let last = -1;
    await eventually(() => {
      const isStill = sent > 0 && sent === last;
      last = sent;
      return isStill;
    }, 'the handlers wait');
    t.ok(sent < 32 << 20, `${sent} bytes were made for a client that reads none`);
    client.send(times(5000, ping()));
    const other = await HandClient.connect(t, port);
    other.send(hello);
    for (let i = 0; i < 3; i++) await other.settle();
    t.equal(isAborted, false, 'its pings are not read: they would be a flood');
    client.socket.destroy();
  },
);

t.test('messages in the making cost what has come of them, not what was announced', async (t) => {
  const { port } = await serveEcho(t, { Unary: (request) => request });
  const client = await HandClient.connect(t, port);
  client.send(hello);
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 500; i++) {
    client.send(
      headers(i * 2 + 1, requestFields(unary)),
      data(i * 2 + 1, Uint8Array.of(0, 0, 0x1f, 0xff, 0xff, 1)),
    );
  }
  await client.settle();
  t.ok(process.memoryUsage().arrayBuffers - before < 100 << 20, 'far less than 500 x 2 MiB');
});

t.test(
  'unary requests that are there but have not ended count as messages in the making',
  async (t) => {
    const { port } = await serveEcho(t, { Unary: () => ({}) });
    const client = await HandClient.connect(t, port);
    client.send(hello);
    const chunks = Array.from({ length: 128 }, () => new Uint8Array(16_384));
    const payload = prefixed(Buffer.concat(chunks).subarray(0, receiveBytesMax));
    const begin = (id: number) => {
      client.send(headers(id, requestFields(unary)));
      for (let pos = 0; pos < payload.length; pos += 16_384) {
        client.send(data(id, payload.subarray(pos, pos + 16_384)));
      }
    };
    for (let i = 0; i < 256; i++) begin(i * 2 + 1);
    begin(513);
    await eventually(() => client.status(513) === 8, 'one more than 512 MiB is refused');
    t.equal(client.of(FrameType.headers).length, 1, 'the others wait for their end');
    client.send(rstStream(1));
    begin(515);
    await client.settle();
    t.equal(client.status(515), undefined, 'let in for the one that was taken back');
    client.send(data(3, none, true));
    await eventually(() => client.status(3) !== undefined, 'one is answered');
    begin(517);
    await client.settle();
    t.equal(client.status(517), undefined, 'and one for the one that has ended');
  },
);

t.test('SETTINGS that repeat a value cost one pass over the streams', async (t) => {
  const { port } = await serveEcho(t, { Unary: (request) => request });
  const client = await HandClient.connect(t, port);
  client.send(hello);
  for (let i = 0; i < 900; i++) client.send(headers(i * 2 + 1, requestFields(unary)));
  const many = Array.from({ length: 2730 }, (_, i) => [Setting.initialWindowSize, i + 1] as const);
  const cpuMs = await cpuMsOf(() => {
    client.send(times(50, settings(...many)));
    return client.settle();
  });
  t.ok(cpuMs < 3000, `${cpuMs} ms: 50 x 2730 x 900 steps were not made`);
});
