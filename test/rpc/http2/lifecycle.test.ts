import net from 'node:net';
import t, { type Test } from 'tap';
import type { Clock, Timer } from '../../../src/base/clock.js';
import { silentLogger } from '../../../src/base/logger.js';
import { ErrorCode, FrameType } from '../../../src/rpc/http2/protocol.js';
import { createHttp2Server } from '../../../src/rpc/http2/server.js';
import { implementService, type ServiceHandlers } from '../../../src/rpc/implement.js';
import type { RpcServer } from '../../../src/rpc/server.js';
import { Echo } from '../echo-service.js';
import { deferred, eventually } from '../support.js';
import { headers, hello, message, requestFields } from './frames.js';
import { HandClient } from './hand-client.js';

const none = new Uint8Array(0);
const unary = Echo.methods.Unary.path;
const both = Echo.methods.Both.path;

/** A clock that stands still until told to go on. */
class HandClock implements Clock {
  #nowMs = 0;
  #timers = new Map<object, { readonly atMs: number; readonly callback: () => void }>();
  now(): number {
    return this.#nowMs;
  }
  wallTime(): number {
    return this.#nowMs;
  }
  setTimer(delayMs: number, callback: () => void): Timer {
    const timer = {};
    this.#timers.set(timer, { atMs: this.#nowMs + delayMs, callback });
    return { timer };
  }
  clearTimer({ timer }: Timer): void {
    this.#timers.delete(timer as object);
  }
  defer(callback: () => void): void {
    setImmediate(callback);
  }
  get timerCount(): number {
    return this.#timers.size;
  }
  advance(ms: number): void {
    this.#nowMs += ms;
    for (const [timer, { atMs, callback }] of [...this.#timers]) {
      if (atMs > this.#nowMs) continue;
      this.#timers.delete(timer);
      callback();
    }
  }
}

interface Home {
  readonly clock: HandClock;
  readonly rpc: RpcServer;
  connect(): Promise<HandClient>;
}

async function serve(t: Test, handlers: ServiceHandlers<typeof Echo>): Promise<Home> {
  const clock = new HandClock();
  const rpc = createHttp2Server({
    services: [implementService(Echo, handlers)],
    clock,
    logger: silentLogger,
    limits: { receiveBytesMax: 1 << 20, concurrentStreamsMax: 100 },
    keepalive: { intervalMs: 60_000, timeoutMs: 20_000 },
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
  await eventually(() => client.isClosed, 'closed');
  t.equal(other.isClosed, false);
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
