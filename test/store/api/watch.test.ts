import { getEventListeners } from 'node:events';
import t, { type Test } from 'tap';
import type { CallOptions, ClientStream } from '../../../src/rpc/service.js';
import type { WatchSink, WatchStream } from '../../../src/store/contracts.js';
import {
  KV,
  Watch,
  type WatchRequestInit,
  WatchResponse,
} from '../../../src/wire/gen/etcdserverpb.js';
import { eventually } from '../../rpc/support.js';
import { b, failureOf, s } from './client.js';
import { serveApi } from './rig.js';

type Stream = ClientStream<WatchRequestInit, WatchResponse>;

const reader = (stream: Stream) => {
  const responses = stream.responses[Symbol.asyncIterator]();
  return async (): Promise<WatchResponse> => (await responses.next()).value;
};

t.test('Watch sends what happens after it was created, and cancels on request', async (t) => {
  const { channel } = await serveApi(t);
  const stream = channel.stream(Watch.methods.Watch);
  const next = reader(stream);
  stream.send({ createRequest: { key: b('a'), rangeEnd: b('b'), prevKv: true } });
  const created = await next();
  t.strictSame([created.created, created.watchId, created.header!.revision], [true, 0n, 1]);
  await channel.unary(KV.methods.Put, { key: b('a1'), value: b('1') });
  await channel.unary(KV.methods.Put, { key: b('c'), value: b('other') });
  await channel.unary(KV.methods.DeleteRange, { key: b('a1') });
  const put = await next();
  t.strictSame([put.header!.revision, s(put.events[0]!.kv!.value)], [2, '1']);
  const deleted = await next();
  t.strictSame([deleted.header!.revision, s(deleted.events[0]!.prevKv!.value)], [4, '1']);
  stream.send({ cancelRequest: { watchId: 0n } });
  const canceled = await next();
  t.strictSame([canceled.canceled, canceled.watchId, canceled.cancelReason], [true, 0n, '']);
  stream.cancel();
});

t.test('Watch answers odd requests on one stream as etcd does', async (t) => {
  const { channel } = await serveApi(t);
  await channel.unary(KV.methods.Put, { key: b('a') });
  await channel.unary(KV.methods.Put, { key: b('a') });
  await channel.unary(KV.methods.Compact, { revision: 3 });
  const stream = channel.stream(Watch.methods.Watch);
  const next = reader(stream);
  const rows: readonly (readonly [string, WatchRequestInit, Partial<WatchResponse>[]])[] = [
    [
      'an empty range',
      { createRequest: { key: b('b'), rangeEnd: b('a') } },
      [
        {
          watchId: -1n,
          created: true,
          canceled: true,
          cancelReason: 'mvcc: watcher range is empty',
        },
      ],
    ],
    [
      'an id of its own',
      { createRequest: { key: b('a'), watchId: 7n } },
      [{ watchId: 7n, created: true }],
    ],
    [
      'the same id again',
      { createRequest: { key: b('a'), watchId: 7n } },
      [
        {
          watchId: -1n,
          created: true,
          canceled: true,
          cancelReason: 'mvcc: duplicate watch ID provided on the WatchStream',
        },
      ],
    ],
    ['the next free id', { createRequest: { key: b('a') } }, [{ watchId: 0n, created: true }]],
    [
      'a compacted start',
      { createRequest: { key: b('a'), startRevision: 1 } },
      [
        { watchId: 1n, created: true, canceled: false },
        { watchId: 1n, created: false, canceled: true, compactRevision: 3 },
      ],
    ],
  ];
  for (const [what, request, expected] of rows) {
    stream.send({});
    stream.send({ cancelRequest: { watchId: 555n } });
    stream.send(request);
    for (const fields of expected) t.match(await next(), fields, what);
  }
  stream.cancel();
});

t.test('Watch goes on after the client has half-closed', async (t) => {
  const { channel } = await serveApi(t);
  const stream = channel.stream(Watch.methods.Watch);
  const next = reader(stream);
  stream.send({ createRequest: { key: b('a') } });
  stream.end();
  await next();
  await channel.unary(KV.methods.Put, { key: b('a') });
  t.equal((await next()).events.length, 1);
  stream.cancel();
});

t.test(
  'Watch closes the hub stream when the client goes away, and holds it back while it does not read',
  async (t) => {
    const { rig, channel, errors } = await serveApi(t);
    let sink: WatchSink | undefined;
    let drains = 0;
    let closed = 0;
    const hubStream: WatchStream = {
      create() {},
      cancel() {},
      refuse() {},
      requestProgress() {},
      onDrained: () => void drains++,
      close: () => void closed++,
    };
    Object.defineProperty(rig, 'watch', {
      value: {
        openStream(given: WatchSink) {
          sink = given;
          return hubStream;
        },
      },
    });
    const stream = channel.stream(Watch.methods.Watch);
    stream.send({ progressRequest: {} });
    await eventually(() => sink !== undefined, 'the stream is opened');
    const whole = WatchResponse.encode({ cancelReason: 'x'.repeat(100_000) });
    const response = [whole.subarray(0, 1), whole.subarray(1, 50_000), whole.subarray(50_000)];
    let sent = 1;
    while (sink!.send(response)) sent++;
    t.ok(sent < 1000, `full after ${sent}`);
    t.equal(drains, 0);
    const responses = stream.responses[Symbol.asyncIterator]();
    for (let i = 0; i < sent; i++) {
      const { value } = await responses.next();
      t.equal(value.cancelReason.length, 100_000);
    }
    await eventually(() => drains === 1, 'the hub hears once that there is room');
    stream.cancel();
    await eventually(() => closed === 1, 'the hub stream is closed');
    sink!.send(response);
    t.strictSame(errors, []);
  },
);

/** A hub of one stream, whose events are large until the client's stream is full, and small then. */
class FloodHub {
  creates = 0;
  cancels = 0;
  closed = 0;
  isFull = false;
  #sink: WatchSink | null = null;

  openStream(sink: WatchSink): WatchStream {
    this.#sink = sink;
    return {
      create: () => {
        this.creates++;
        this.send(created);
      },
      cancel: () => {
        this.cancels++;
        this.send();
      },
      refuse() {},
      requestProgress() {},
      onDrained: () => {
        this.isFull = false;
      },
      close: () => void this.closed++,
    };
  }

  get isOpen(): boolean {
    return this.#sink !== null;
  }

  send(response = this.isFull ? small : large): void {
    this.isFull = !this.#sink!.send([response]);
  }
}

const large = WatchResponse.encode({ cancelReason: 'x'.repeat(100_000) });
const small = WatchResponse.encode({});
const created = WatchResponse.encode({ created: true });

/** A Watch call whose client reads nothing, when it takes no more. */
async function fullWatch(t: Test, options?: CallOptions) {
  const api = await serveApi(t);
  const hub = new FloodHub();
  Object.defineProperty(api.rig, 'watch', { value: hub });
  const stream = api.channel.stream(Watch.methods.Watch, options);
  stream.send({});
  await eventually(() => hub.isOpen, 'the stream is open');
  /** Resolves when the server has read what was sent, and sent what the client takes. */
  const settle = async () => {
    for (let i = 0; i < 5; i++) await api.channel.unary(KV.methods.Range, { key: b('a') });
  };
  await eventually(async () => {
    while (!hub.isFull) hub.send();
    await settle();
    return hub.isFull;
  }, 'the client takes no more');
  return { ...api, hub, stream, settle };
}

t.test('Watch reads no more requests while many answers wait for a client', async (t) => {
  const { hub, stream, settle } = await fullWatch(t);
  for (let i = 0; i < 3000; i++) stream.send({ createRequest: { key: b('a') } });
  await eventually(() => hub.creates >= 1024, 'many are answered');
  await settle();
  t.ok(hub.creates < 1100, `${hub.creates} answers`);
  const next = reader(stream);
  let created = 0;
  while (created < 3000) if ((await next()).created) created++;
  t.equal(hub.creates, 3000, 'the others are read once the client reads');
  stream.cancel();
});

t.test('Watch reads on while only events wait: a client that is slow can cancel', async (t) => {
  const { hub, stream } = await fullWatch(t);
  for (let i = 0; i < 5000; i++) hub.send();
  for (let i = 0; i < 1000; i++) stream.send({ cancelRequest: { watchId: 1n } });
  await eventually(() => hub.cancels === 1000, 'all are read');
  t.equal(hub.isFull, true);
  stream.cancel();
});

t.test('Watch ends when the leader is lost, also while requests wait unread', async (t) => {
  const { rig, hub, stream, settle } = await fullWatch(t, { metadata: { hasleader: 'true' } });
  for (let i = 0; i < 3000; i++) stream.send({ createRequest: { key: b('a') } });
  await eventually(() => hub.creates >= 1024, 'many are answered');
  await settle();
  t.strictSame([hub.creates < 1100, hub.closed], [true, 0], 'requests wait unread');
  rig.lost.abort();
  await eventually(() => hub.closed === 1, 'the hub stream is closed');
  stream.cancel();
});

t.test('a stream with hasleader ends when the leader is lost, others go on', async (t) => {
  const { rig, channel } = await serveApi(t);
  const bound = channel.stream(Watch.methods.Watch, { metadata: { hasleader: 'true' } });
  const free = channel.stream(Watch.methods.Watch);
  const nextBound = reader(bound);
  const nextFree = reader(free);
  for (const stream of [bound, free]) stream.send({ createRequest: { key: b('a') } });
  t.equal((await nextBound()).created, true);
  t.equal((await nextFree()).created, true);
  rig.lost.abort();
  t.strictSame(await failureOf(nextBound()), [14, 'etcdserver: no leader']);
  await channel.unary(KV.methods.Put, { key: b('a') });
  t.equal((await nextFree()).events.length, 1);
  free.cancel();
});

t.test('streams with hasleader leave nothing behind on the signal they share', async (t) => {
  const { rig, channel } = await serveApi(t);
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => void warnings.push(warning);
  process.on('warning', onWarning);
  t.teardown(() => process.off('warning', onWarning));
  const streams = Array.from({ length: 12 }, () =>
    channel.stream(Watch.methods.Watch, { metadata: { hasleader: 'true' } }),
  );
  for (const stream of streams) {
    stream.send({ createRequest: { key: b('a') } });
    await reader(stream)();
  }
  const listeners = () => getEventListeners(rig.lost.signal, 'abort').length;
  t.equal(listeners(), 12);
  for (const stream of streams) stream.cancel();
  await eventually(() => listeners() === 0, 'all listeners are gone');
  t.strictSame(warnings, []);
});
