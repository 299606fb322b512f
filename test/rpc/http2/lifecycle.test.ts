import net from 'node:net';
import t, { type Test } from 'tap';
import { silentLogger } from '../../../src/base/logger.js';
import { ErrorCode, FrameType, preface, Setting } from '../../../src/rpc/http2/protocol.js';
import { createHttp2Server } from '../../../src/rpc/http2/server.js';
import { implementService, type ServiceHandlers } from '../../../src/rpc/implement.js';
import type { RpcServer, RpcServerOptions } from '../../../src/rpc/server.js';
import { Echo } from '../echo-service.js';
import { HandClock } from '../hand-clock.js';
import { deferred, eventually } from '../support.js';
import {
  headers,
  hello,
  message,
  requestFields,
  settings,
  settingsAck,
  windowUpdate,
} from './frames.js';
import { HandClient } from './hand-client.js';

const none = new Uint8Array(0);
const unary = Echo.methods.Unary.path;
const both = Echo.methods.Both.path;

interface Home {
  readonly clock: HandClock;
  readonly rpc: RpcServer;
  connect(): Promise<HandClient>;
}

async function serve(
  t: Test,
  handlers: ServiceHandlers<typeof Echo>,
  options: Partial<RpcServerOptions> = {},
): Promise<Home> {
  const clock = new HandClock();
  const rpc = createHttp2Server({
    services: [implementService(Echo, handlers)],
    clock,
    logger: silentLogger,
    limits: { receiveBytesMax: 1 << 20, concurrentStreamsMax: 100 },
    keepalive: { intervalMs: 60_000, timeoutMs: 20_000 },
    ...options,
  });
  const server = net.createServer((socket) => rpc.attach(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as net.AddressInfo;
  return { clock, rpc, connect: () => HandClient.connect(t, port) };
}

t.test('a client that sends nothing is dropped after ten seconds', async (t) => {
  const { clock, connect } = await serve(t, {});
  const client = await connect();
  await eventually(() => client.of(FrameType.settings).length > 0, 'the server greets');
  clock.advance(9_999);
  const other = await connect();
  await eventually(() => other.of(FrameType.settings).length > 0, 'the server greets');
  t.equal(client.isClosed, false);
  clock.advance(1);
  clock.advance(1);
  await eventually(() => client.isClosed, 'closed');
  t.equal(other.isClosed, false);
});

t.test('a client that does not take our SETTINGS into use is sent away', async (t) => {
  const { clock, connect } = await serve(t, { Unary: (request) => request });
  const [silent, orderly] = [await connect(), await connect()];
  const call = Buffer.concat([headers(1, requestFields(unary)), message(1, none)]);
  silent.send(preface, settings(), call);
  orderly.send(hello, call);
  await eventually(() => silent.status(1) === 0 && orderly.status(1) === 0, 'both are served');
  clock.advance(9_999);
  await silent.settle();
  t.equal(silent.goaway, undefined, 'not before its time');
  clock.advance(1);
  clock.advance(1);
  await eventually(() => silent.isClosed, 'closed');
  t.equal(silent.goaway, ErrorCode.settingsTimeout);
  await orderly.settle();
  t.equal(orderly.isClosed, false);
});

t.test(
  'what came while the process stood still is read before a client is sent away',
  async (t) => {
    const { clock, connect } = await serve(t, { Unary: (request) => request });
    const client = await connect();
    client.send(preface, settings(), headers(1, requestFields(unary)), message(1, none));
    await eventually(() => client.status(1) === 0, 'it is served');
    clock.advance(10_000);
    client.send(settingsAck);
    await client.settle();
    clock.advance(10_000);
    await client.settle();
    t.equal(client.goaway, undefined);
  },
);

t.test('a call is answered when its deadline passes, although its handler goes on', async (t) => {
  const release = deferred();
  const seen: boolean[] = [];
  const { clock, connect } = await serve(t, {
    Unary: async (request, call) => {
      await release.promise;
      seen.push(call.signal.aborted);
      return request;
    },
    Both: async () => release.promise,
  });
  const client = await connect();
  const call = (id: number, path: string, timeout: string) =>
    client.send(headers(id, requestFields(path, [['grpc-timeout', timeout]])), message(id, none));
  client.send(hello);
  call(1, unary, '3S');
  call(3, both, '2S');
  call(5, unary, '1S');
  client.send(headers(7, requestFields(unary)), message(7, none));
  client.send(headers(9, requestFields(unary, [['grpc-timeout', '1500m']])));
  await client.settle();
  const statuses = () => [1, 3, 5, 7, 9].map((id) => client.status(id));
  for (const [ms, wanted] of [
    [999, [undefined, undefined, undefined, undefined, undefined]],
    [1, [undefined, undefined, 4, undefined, undefined]],
    [500, [undefined, undefined, 4, undefined, 4]],
    [500, [undefined, 4, 4, undefined, 4]],
    [1000, [4, 4, 4, undefined, 4]],
  ] as const) {
    clock.advance(ms);
    await client.settle();
    t.strictSame(statuses(), wanted);
  }
  t.equal(client.of(FrameType.headers, 1)[0]!.fields['grpc-message'], 'context deadline exceeded');
  release.resolve();
  await eventually(() => client.status(7) === 0, 'a call without a deadline goes well');
  t.strictSame(seen, [true, true, false], 'a signal asked for too late has fired');
  t.equal(client.of(FrameType.data).length, 1, 'late answers go nowhere');
});

t.test('a client that does not read is dropped after two minutes', async (t) => {
  const aborted = deferred();
  const value = new Uint8Array(100_000);
  let sent = 0;
  const { clock, connect } = await serve(
    t,
    {
      Down: async (stream) => {
        stream.signal.addEventListener('abort', () => aborted.resolve());
        while (!stream.signal.aborted) {
          sent++;
          if (!stream.send({ value })) await stream.drained();
        }
      },
    },
    { keepalive: { intervalMs: 0, timeoutMs: 0 } },
  );
  const client = await connect();
  client.send(hello, windowUpdate(0, 2 ** 30), settings([Setting.initialWindowSize, 2 ** 30]));
  await client.settle();
  client.socket.pause();
  client.send(headers(1, requestFields(Echo.methods.Down.path)), message(1, none));
  let seen: readonly number[] = [];
  await eventually(() => {
    seen = [...seen.slice(-9), sent];
    return seen.length === 10 && seen.every((count) => count === sent && count > 0);
  }, 'nothing more is taken');
  clock.advance(119_999);
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(client.isClosed, false);
  clock.advance(1);
  await aborted.promise;
  t.equal(clock.timerCount, 0);
});

t.test('pings are counted as agreed: too_many_pings', async (t) => {
  const { clock, connect } = await serve(
    t,
    { Unary: (request) => request, Both: () => new Promise(() => {}) },
    { keepalive: { intervalMs: 0, timeoutMs: 0, minTimeMs: 5000 } },
  );
  const pinging = async (client: HandClient, everyMs: number, count: number) => {
    for (let i = 0; i < count && client.goaway === undefined; i++) {
      clock.advance(everyMs);
      await client.settle();
    }
    return client.goaway;
  };
  const calling = async () => {
    const client = await connect();
    client.send(hello, headers(1, requestFields(both)));
    await client.settle();
    return client;
  };
  t.equal(await pinging(await calling(), 5000, 20), undefined, 'as often as agreed');
  const eager = await calling();
  t.equal(await pinging(eager, 4999, 20), ErrorCode.enhanceYourCalm, 'more often');
  const debug = eager.of(FrameType.goaway)[0]!.payload.subarray(8).toString();
  t.equal(debug, 'too_many_pings', 'which clients look for to ping less');
  const idle = await connect();
  idle.send(hello);
  await idle.settle();
  t.equal(await pinging(idle, 60_000, 5), ErrorCode.enhanceYourCalm, 'without a call');
  const busy = await connect();
  busy.send(hello);
  for (let id = 1; id < 40; id += 2) {
    busy.send(headers(id, requestFields(unary)), message(id, none));
    await busy.settle();
  }
  t.equal(busy.goaway, undefined, 'one after each answer measures the round trip');
});

t.test('a connection that is old enough is left without losing a call', async (t) => {
  const release = deferred();
  const { clock, connect, rpc } = await serve(
    t,
    {
      Unary: async (request) => {
        await release.promise;
        return request;
      },
      Both: async (stream) => {
        for await (const request of stream.requests) stream.send(request);
      },
    },
    {
      keepalive: { intervalMs: 0, timeoutMs: 0 },
      connectionAge: { maxMs: 100_000, graceMs: 30_000 },
    },
  );
  const open = async () => {
    const client = await connect();
    client.send(hello);
    await client.settle();
    return client;
  };
  const clients = await Promise.all(Array.from({ length: 20 }, open));
  clock.advance(89_999);
  await Promise.all(clients.map((client) => client.settle()));
  t.ok(
    clients.every(({ goaway }) => goaway === undefined),
    'not before nine tenths of the time',
  );
  const [first] = clients as [HandClient];
  first.send(headers(1, requestFields(unary)), message(1, none), headers(3, requestFields(both)));
  await first.settle();
  const left = () => clients.filter(({ goaway }) => goaway === undefined).length;
  clock.advance(10_001);
  await eventually(() => left() > 5 && left() < 15, 'about half of them at the time itself');
  clock.advance(10_000);
  await eventually(() => left() === 0, 'all by eleven tenths');
  t.equal(first.goaway, ErrorCode.noError);
  first.send(headers(5, requestFields(both)), message(5, none), message(3, none, false));
  await eventually(
    () => first.status(5) === 0 && first.dataBytes(3) > 0,
    'streams go on, and late ones begin',
  );
  release.resolve();
  await eventually(() => first.status(1) === 0, 'the unary call ends well');
  t.equal(first.status(3), undefined, 'the stream goes on');
  clock.advance(30_000);
  await eventually(() => first.isClosed, 'until the grace is over');
  await rpc.close({ graceMs: 0 });
  t.equal(clock.timerCount, 0);
});

t.test('another protocol is dropped without a word', async (t) => {
  const { connect } = await serve(t, {});
  const client = await connect();
  client.send(Buffer.from('PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n'));
  await eventually(() => client.isClosed, 'closed');
  t.equal(client.goaway, undefined);
});

t.test('a silent client is pinged, and dropped when it keeps silent', async (t) => {
  const aborted = deferred();
  const { clock, connect } = await serve(t, {
    Both: async (stream) => {
      stream.signal.addEventListener('abort', () => aborted.resolve());
      await aborted.promise;
    },
  });
  const client = await connect();
  client.send(hello, headers(1, requestFields(both)));
  await client.settle();
  const pings = () => client.of(FrameType.ping).filter(({ flags }) => flags === 0).length;
  clock.advance(59_999);
  await client.settle();
  t.equal(pings(), 0, 'not before its time');
  clock.advance(60_000);
  await eventually(() => pings() === 1, 'a ping');
  await client.settle();
  clock.advance(20_000);
  await client.settle();
  t.equal(client.isClosed, false, 'any frame is a sign of life');
  clock.advance(60_000);
  await eventually(() => pings() === 2, 'another ping');
  clock.advance(20_000);
  await eventually(() => client.isClosed, 'dropped');
  await aborted.promise;
});

t.test(
  'close announces itself, serves what was under way and says what it did not see',
  async (t) => {
    const release = deferred();
    let stopped: AbortSignal | undefined;
    const { rpc, connect, clock } = await serve(t, {
      Unary: async (request) => {
        await release.promise;
        return request;
      },
      Both: async (stream) => {
        stopped = stream.signal;
        for await (const request of stream.requests) stream.send(request);
      },
    });
    const client = await connect();
    client.send(
      hello,
      headers(1, requestFields(both)),
      headers(3, requestFields(unary)),
      message(3, none),
    );
    await client.settle();
    const closed = rpc.close({ graceMs: 5000 });
    await eventually(() => client.status(1) === 14, 'the stream ends with unavailable');
    t.equal(stopped!.aborted, true);
    const goaways = () => client.of(FrameType.goaway).map(({ payload }) => payload.readUInt32BE(0));
    await eventually(() => goaways().length === 1, 'the first GOAWAY');
    t.strictSame(goaways(), [2 ** 31 - 1]);
    client.send(
      headers(5, requestFields(unary)),
      message(5, none),
      headers(7, requestFields(both)),
    );
    await eventually(() => client.status(7) === 14, 'a late stream is turned away');
    const ping = client.of(FrameType.ping).find(({ flags }) => flags === 0)!;
    const pong = Buffer.from([0, 0, 8, FrameType.ping, 1, 0, 0, 0, 0, ...ping.payload]);
    client.send(pong, headers(9, requestFields(unary)), message(9, none));
    await eventually(() => goaways().length === 2, 'the second GOAWAY');
    t.strictSame(goaways(), [2 ** 31 - 1, 7]);
    release.resolve();
    await closed;
    await eventually(() => client.isClosed, 'closed');
    t.strictSame([client.status(3), client.status(5), client.status(9)], [0, 0, undefined]);
    t.equal(client.of(FrameType.goaway)[0]!.payload.readUInt32BE(4), ErrorCode.noError);
    t.equal(clock.timerCount, 0, 'no timer is left');
  },
);

t.test(
  'close does not wait longer than its grace, nor for clients that do not answer',
  async (t) => {
    const { rpc, connect, clock } = await serve(t, {
      Unary: () => new Promise(() => {}),
    });
    const idle = await connect();
    const busy = await connect();
    idle.send(hello);
    busy.send(hello, headers(1, requestFields(unary)), message(1, none));
    await idle.settle();
    await busy.settle();
    const closed = rpc.close({ graceMs: 5000 });
    clock.advance(1000);
    await eventually(() => idle.isClosed, 'an idle connection ends after a second at most');
    t.equal(busy.isClosed, false);
    clock.advance(4000);
    await closed;
    await eventually(() => busy.isClosed, 'dropped');
    const late = await connect();
    await eventually(() => late.isClosed, 'a late connection is dropped');
  },
);
