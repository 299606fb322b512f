import net from 'node:net';
import t, { type Test } from 'tap';
import { concatBytes } from '../../src/base/bytes.js';
import { Prng } from '../../src/base/prng.js';
import { implementService, type ServiceHandlers } from '../../src/rpc/implement.js';
import {
  CallError,
  encodedMessage,
  PendingAnswer,
  RpcError,
  Status,
  type UnaryCall,
} from '../../src/rpc/service.js';
import { KeyValue, type KeyValueInit } from '../../src/wire/gen/mvccpb.js';
import { garbageConnection, hostileCalls } from './abuse.js';
import { collect, Echo, message, textOf } from './echo-service.js';
import { rawCall } from './raw-client.js';
import {
  closedPort,
  deferred,
  type Engine,
  eventually,
  receiveBytesMax,
  serve,
} from './support.js';

/** What every engine does for handlers and callers, on real sockets. */
export function rpcContract(engine: Engine): void {
  const start = async (test: Test, handlers: ServiceHandlers<typeof Echo>) => {
    const served = await serve(test, engine, [implementService(Echo, handlers)]);
    const channel = engine.createChannel(served.endpoint);
    test.teardown(() => channel.close());
    return { ...served, channel };
  };
  const failure = async (promise: Promise<unknown>): Promise<CallError> => {
    const error = await promise.then(
      () => new Error('the call succeeded'),
      (reason: unknown) => reason,
    );
    if (!(error instanceof CallError)) throw error;
    return error;
  };

  t.test(
    `${engine.name}: a unary call carries the request, its bytes and the response`,
    async (t) => {
      let seen: UnaryCall | undefined;
      const { channel } = await start(t, {
        Unary: (request, call) => {
          seen = call;
          return message(`${textOf(request)}!`);
        },
      });
      const request = KeyValue.create({ key: Buffer.from('k'), value: Buffer.from('hello') });
      t.equal(textOf(await channel.unary(Echo.methods.Unary, request)), 'hello!');
      t.strictSame(Buffer.from(seen!.requestBytes), Buffer.from(KeyValue.encode(request)));
      t.equal(seen!.timeoutMs, null);
    },
  );

  t.test(`${engine.name}: an empty message is a message`, async (t) => {
    const { channel } = await start(t, { Unary: (request) => request });
    t.strictSame(await channel.unary(Echo.methods.Unary, KeyValue.create()), KeyValue.create());
  });

  t.test(`${engine.name}: an answer that is encoded already goes out as it is`, async (t) => {
    const { channel } = await start(t, {
      // Unknown fields are dropped by a codec: what arrives with them was not encoded again.
      Unary: (request) => {
        const known = KeyValue.encode(request);
        const bytes = encodedMessage(concatBytes([known, Uint8Array.of(0x98, 0x06, 7)]));
        return textOf(request) === 'now' ? bytes : Promise.resolve(bytes);
      },
    });
    for (const text of ['now', 'later']) {
      let decoded: Uint8Array | undefined;
      const response = {
        ...KeyValue,
        decode(bytes: Uint8Array) {
          decoded = bytes;
          return KeyValue.decode(bytes);
        },
      };
      const method = { ...Echo.methods.Unary, response };
      t.equal(textOf(await channel.unary(method, message(text))), text);
      t.strictSame(Buffer.from(decoded!.subarray(-3)), Buffer.of(0x98, 0x06, 7), text);
    }
  });

  t.test(`${engine.name}: a pending answer ends the call when it is there`, async (t) => {
    const ends: Readonly<Record<string, (pending: PendingAnswer<KeyValueInit>) => void>> = {
      answer: (pending) => pending.answer(message('done')),
      encoded: (pending) => pending.answer(encodedMessage(KeyValue.encode(message('done')))),
      fail: (pending) => pending.fail(new RpcError(Status.aborted, 'not done')),
      bug: (pending) => pending.fail(new TypeError('secret')),
    };
    const { channel } = await start(t, {
      Unary: (request) => {
        const pending = new PendingAnswer<KeyValueInit>();
        const [how = '', when] = textOf(request).split(' ');
        if (when === 'now') ends[how]!(pending);
        else setImmediate(() => ends[how]!(pending));
        return pending;
      },
    });
    for (const when of ['now', 'later']) {
      const call = (how: string) => channel.unary(Echo.methods.Unary, message(`${how} ${when}`));
      t.equal(textOf(await call('answer')), 'done', when);
      t.equal(textOf(await call('encoded')), 'done', when);
      t.match(await failure(call('fail')), { code: Status.aborted, message: 'not done' }, when);
      t.match(await failure(call('bug')), { code: Status.unknown, message: /^internal/ }, when);
    }
  });

  t.test(`${engine.name}: metadata reaches the handler, text and bytes`, async (t) => {
    let seen: UnaryCall | undefined;
    const { endpoint } = await start(t, {
      Unary: (request, call) => {
        seen = call;
        return request;
      },
    });
    const metadata = { token: 'abc', 'trace-bin': Buffer.from([0, 255, 128]) };
    const { code } = await rawCall(endpoint, Echo.methods.Unary.path, [Buffer.alloc(0)], {
      metadata,
    });
    t.equal(code, Status.ok);
    t.strictSame(seen!.metadata.get('token'), ['abc']);
    t.strictSame(
      Buffer.from(seen!.metadata.get('trace-bin')![0] as Uint8Array),
      metadata['trace-bin'],
    );
  });

  const thrown: readonly (readonly [string, unknown, number, string])[] = [
    ['an RpcError', new RpcError(Status.notFound, 'no such: ключ %41\n'), 5, 'no such: ключ %41\n'],
    [
      'an Error with a status',
      Object.assign(new Error('etcdserver: no leader'), { status: Status.unavailable }),
      14,
      'etcdserver: no leader',
    ],
    ['an RpcError with a lone surrogate', new RpcError(Status.aborted, 'x\ud800y'), 10, 'x\ufffdy'],
    ['a bug', new TypeError('secret'), 2, 'internal error, see the server log'],
    ['a string', 'secret', 2, 'internal error, see the server log'],
    ['undefined', undefined, 2, 'internal error, see the server log'],
  ];
  t.test(`${engine.name}: what a handler throws becomes the status`, async (t) => {
    for (const [what, error, code, text] of thrown) {
      const fail = () => {
        throw error;
      };
      const { channel, errors } = await start(t, { Unary: fail, Both: fail });
      const unary = await failure(channel.unary(Echo.methods.Unary, message('x')));
      t.strictSame([unary.code, unary.message, unary.sent], [code, text, true], `${what}, unary`);
      const stream = channel.stream(Echo.methods.Both);
      const streaming = await failure(collect(stream.responses));
      t.strictSame([streaming.code, streaming.message], [code, text], `${what}, stream`);
      t.equal(errors.length, code === 2 ? 2 : 0, `${what} is logged only when it is a bug`);
    }
  });

  t.test(`${engine.name}: a deadline ends the call at both ends`, async (t) => {
    const aborted = deferred<unknown>();
    const seen: (number | null)[] = [];
    const { channel } = await start(t, {
      Unary: async (request, call) => {
        seen.push(call.timeoutMs);
        await new Promise<void>((resolve) =>
          call.signal.addEventListener('abort', () => resolve()),
        );
        aborted.resolve(call.signal.reason);
        return request;
      },
    });
    // On a busy machine a deadline may pass before the call has left.
    let timeoutMs = 50;
    while (seen.length === 0) {
      timeoutMs *= 2;
      const error = await failure(channel.unary(Echo.methods.Unary, message('x'), { timeoutMs }));
      t.equal(error.code, Status.deadlineExceeded);
    }
    const reason = await aborted.promise;
    t.ok(reason instanceof RpcError);
    const [left] = seen;
    t.ok(left != null && left > 0 && left <= timeoutMs, `${left} of ${timeoutMs} ms were left`);
  });

  t.test(
    `${engine.name}: a deadline further away than timers reach is not one that passed`,
    async (t) => {
      let seen: number | null = null;
      const { channel } = await start(t, {
        Unary: (request, call) => {
          seen = call.timeoutMs;
          return request;
        },
      });
      const timeoutMs = 90 * 24 * 3600 * 1000;
      t.equal(textOf(await channel.unary(Echo.methods.Unary, message('x'), { timeoutMs })), 'x');
      t.ok(seen !== null && seen > 20 * 24 * 3600 * 1000, `${seen} ms are left`);
    },
  );

  t.test(`${engine.name}: cancelling aborts the handler's signal`, async (t) => {
    const started = deferred();
    const aborted = deferred();
    const { channel, errors } = await start(t, {
      Unary: async (request, call) => {
        call.signal.addEventListener('abort', () => aborted.resolve());
        started.resolve();
        await aborted.promise;
        return request;
      },
    });
    const abort = new AbortController();
    const call = channel.unary(Echo.methods.Unary, message('x'), { signal: abort.signal });
    await started.promise;
    abort.abort();
    t.equal((await failure(call)).code, Status.cancelled);
    await aborted.promise;
    t.strictSame(errors, []);
  });

  t.test(`${engine.name}: the signal does not fire after the handler has finished`, async (t) => {
    const signals: AbortSignal[] = [];
    const { channel } = await start(t, {
      Unary: (request, call) => {
        signals.push(call.signal);
        return request;
      },
      Both: async (stream) => {
        signals.push(stream.signal);
        for await (const request of stream.requests) stream.send(request);
      },
    });
    await channel.unary(Echo.methods.Unary, message('x'));
    const stream = channel.stream(Echo.methods.Both);
    stream.send(message('y'));
    stream.end();
    t.strictSame(await collect(stream.responses), ['y']);
    await channel.close();
    t.strictSame(
      signals.map((signal) => signal.aborted),
      [false, false],
    );
  });

  t.test(`${engine.name}: streams of each kind keep the order and end`, async (t) => {
    const { channel } = await start(t, {
      Down: async (stream) => {
        for await (const request of stream.requests) {
          for (let i = 0; i < 100; i++) stream.send(message(`${textOf(request)}${i}`));
        }
      },
      Up: async (stream) => {
        stream.send(message((await collect(stream.requests)).join(',')));
      },
      Both: async (stream) => {
        for await (const request of stream.requests) stream.send(request);
      },
    });
    const down = channel.stream(Echo.methods.Down);
    down.send(message('d'));
    down.end();
    const numbers = Array.from({ length: 100 }, (_, i) => i);
    t.strictSame(
      await collect(down.responses),
      numbers.map((i) => `d${i}`),
    );
    const up = channel.stream(Echo.methods.Up);
    for (const i of numbers) up.send(message(`u${i}`));
    up.end();
    t.strictSame(await collect(up.responses), [numbers.map((i) => `u${i}`).join(',')]);
    const both = channel.stream(Echo.methods.Both);
    const iterator = both.responses[Symbol.asyncIterator]();
    for (const i of numbers) {
      both.send(message(`b${i}`));
      t.equal(textOf((await iterator.next()).value), `b${i}`);
    }
    both.end();
    t.equal((await iterator.next()).done, true);
  });

  t.test(`${engine.name}: a handler may end a stream before the caller half-closes`, async (t) => {
    const { channel } = await start(t, {
      Both: async (stream) => {
        stream.send(message('bye'));
      },
    });
    const stream = channel.stream(Echo.methods.Both);
    t.strictSame(await collect(stream.responses), ['bye']);
    stream.send(message('into the void'));
    stream.end();
  });

  t.test(
    `${engine.name}: a caller that does not read holds the sender back, and loses nothing`,
    async (t) => {
      const value = Buffer.alloc(64 * 1024, 1);
      const count = 200;
      const blocked = deferred();
      let sent = 0;
      const { channel } = await start(t, {
        Down: async (stream) => {
          for (; sent < count; sent++) {
            const key = Buffer.from(String(sent));
            const bytes = KeyValue.encode({ key, value });
            const pieces = [bytes.subarray(0, 1), bytes.subarray(1, 1), bytes.subarray(1)];
            if (!stream.sendEncoded(sent % 2 === 0 ? bytes : pieces)) {
              blocked.resolve();
              await stream.drained();
            }
          }
        },
      });
      const stream = channel.stream(Echo.methods.Down);
      stream.send(message('go'));
      stream.end();
      await blocked.promise;
      await new Promise((resolve) => setImmediate(resolve));
      t.ok(sent < count, `${sent} of ${count} sent before anything was read`);
      let next = 0;
      for await (const response of stream.responses) {
        if (Buffer.from(response.key).toString() !== String(next)) t.fail(`wrong order at ${next}`);
        next++;
      }
      t.equal(next, count);
    },
  );

  t.test(`${engine.name}: a stream cancelled while it sends frees its handler`, async (t) => {
    const over = deferred<boolean>();
    const { channel, errors } = await start(t, {
      Down: async (stream) => {
        const bytes = KeyValue.encode({ value: Buffer.alloc(64 * 1024) });
        while (!stream.signal.aborted) if (!stream.sendEncoded(bytes)) await stream.drained();
        t.equal(stream.sendEncoded(bytes), true, 'sending afterwards is a no-op');
        await stream.drained();
        over.resolve(true);
      },
    });
    const stream = channel.stream(Echo.methods.Down);
    stream.send(message('go'));
    const iterator = stream.responses[Symbol.asyncIterator]();
    await iterator.next();
    stream.cancel();
    t.ok(await over.promise);
    const error = await failure(drain(iterator));
    t.equal(error.code, Status.cancelled);
    t.strictSame(errors, []);
  });

  t.test(`${engine.name}: reading requests throws when the call is cancelled`, async (t) => {
    const over = deferred<unknown>();
    const { channel } = await start(t, {
      Both: async (stream) => {
        stream.send(message('hello'));
        await collect(stream.requests).then(
          () => over.resolve('ended'),
          (error: unknown) => over.resolve(error),
        );
      },
    });
    const stream = channel.stream(Echo.methods.Both);
    await stream.responses[Symbol.asyncIterator]().next();
    stream.cancel();
    const error = await over.promise;
    t.ok(error instanceof RpcError);
    t.equal((error as RpcError).code, Status.cancelled);
  });

  t.test(
    `${engine.name}: messages up to the limit pass, larger ones are refused in grpc-go's words`,
    async (t) => {
      const { channel } = await start(t, {
        Unary: (request) => message(String(request.value.length)),
        Both: async (stream) => {
          for await (const request of stream.requests)
            stream.send(message(String(request.value.length)));
        },
      });
      const messageOf = (sizeBytes: number) =>
        KeyValue.create({ value: new Uint8Array(sizeBytes - 4) });
      const fits = messageOf(receiveBytesMax);
      t.equal(KeyValue.encode(fits).length, receiveBytesMax);
      t.equal(textOf(await channel.unary(Echo.methods.Unary, fits)), String(receiveBytesMax - 4));
      const text = `grpc: received message larger than max (${receiveBytesMax + 1} vs. ${receiveBytesMax})`;
      const error = await failure(
        channel.unary(Echo.methods.Unary, messageOf(receiveBytesMax + 1)),
      );
      t.strictSame([error.code, error.message], [Status.resourceExhausted, text]);
      const stream = channel.stream(Echo.methods.Both);
      stream.send(messageOf(receiveBytesMax + 1));
      const streamError = await failure(collect(stream.responses));
      t.strictSame([streamError.code, streamError.message], [Status.resourceExhausted, text]);
      t.equal(textOf(await channel.unary(Echo.methods.Unary, message('x'))), '1', 'still serving');
    },
  );

  t.test(`${engine.name}: malformed bytes answer internal, as grpc-go does`, async (t) => {
    const { endpoint, errors } = await start(t, {
      Unary: (request) => request,
      Both: async (stream) => {
        for await (const request of stream.requests) stream.send(request);
      },
    });
    const garbage = Buffer.from([0xff, 0xff, 0xff]);
    const unary = await rawCall(endpoint, Echo.methods.Unary.path, [garbage]);
    t.equal(unary.code, Status.internal);
    t.match(unary.details, /^grpc: error unmarshalling request: /);
    const good = Buffer.from(KeyValue.encode(message('a')));
    const stream = await rawCall(endpoint, Echo.methods.Both.path, [good, garbage]);
    t.equal(stream.code, Status.internal);
    t.match(stream.details, /^grpc: failed to unmarshal the received message: /);
    t.strictSame(stream.messages, [good]);
    t.strictSame(errors, []);
  });

  const unknown: readonly (readonly [string, string])[] = [
    ['/test.Echo/Nope', 'unknown method Nope for service test.Echo'],
    ['/test.Echo/Absent', 'unknown method Absent for service test.Echo'],
    ['/test.Nope/Unary', 'unknown service test.Nope'],
    ['/a/b/c', 'unknown service a/b'],
    ['/noslash', 'malformed method name: "/noslash"'],
  ];
  t.test(
    `${engine.name}: unknown methods and services answer unimplemented in grpc-go's words`,
    async (t) => {
      const { endpoint } = await start(t, { Unary: (request) => request });
      for (const [path, text] of unknown) {
        const { code, details } = await rawCall(endpoint, path, [Buffer.alloc(0)]);
        t.strictSame([code, details], [Status.unimplemented, text], path);
      }
    },
  );

  t.test(`${engine.name}: a refused connection fails at once, surely not sent`, async (t) => {
    const channel = engine.createChannel(`http://127.0.0.1:${await closedPort()}`);
    t.teardown(() => channel.close());
    for (let i = 0; i < 2; i++) {
      const error = await failure(
        channel.unary(Echo.methods.Unary, message('x'), { timeoutMs: 60_000 }),
      );
      t.strictSame([error.code, error.sent], [Status.unavailable, false]);
    }
    const error = await failure(collect(channel.stream(Echo.methods.Both).responses));
    t.strictSame([error.code, error.sent], [Status.unavailable, false]);
  });

  t.test(
    `${engine.name}: a closed channel and an aborted signal refuse calls unsent`,
    async (t) => {
      const { channel } = await start(t, { Unary: (request) => request });
      const signal = AbortSignal.abort();
      const aborted = await failure(channel.unary(Echo.methods.Unary, message('x'), { signal }));
      t.strictSame([aborted.code, aborted.sent], [Status.cancelled, false]);
      await channel.close();
      const closed = await failure(channel.unary(Echo.methods.Unary, message('x')));
      t.strictSame([closed.code, closed.sent], [Status.cancelled, false]);
      const stream = await failure(collect(channel.stream(Echo.methods.Both).responses));
      t.strictSame([stream.code, stream.sent], [Status.cancelled, false]);
    },
  );

  t.test(`${engine.name}: a call whose connection breaks may have been seen`, async (t) => {
    const started = deferred();
    const aborted = deferred();
    const { endpoint, port } = await start(t, {
      Unary: async (request, call) => {
        call.signal.addEventListener('abort', () => aborted.resolve());
        started.resolve();
        await aborted.promise;
        return request;
      },
    });
    t.ok(endpoint);
    const relay = await breakableRelay(port);
    t.teardown(() => relay.close());
    const channel = engine.createChannel(`http://127.0.0.1:${relay.port}`);
    t.teardown(() => channel.close());
    const call = channel.unary(Echo.methods.Unary, message('x'));
    await started.promise;
    relay.breakAll();
    const error = await failure(call);
    t.strictSame([error.code, error.sent], [Status.unavailable, true]);
    await aborted.promise;
  });

  t.test(`${engine.name}: a channel connects again by itself`, async (t) => {
    const { port } = await start(t, { Unary: (request) => request });
    const relay = await breakableRelay(port);
    t.teardown(() => relay.close());
    const channel = engine.createChannel(`http://127.0.0.1:${relay.port}`);
    t.teardown(() => channel.close());
    await channel.unary(Echo.methods.Unary, message('x'));
    relay.breakAll();
    await eventually(
      () =>
        channel.unary(Echo.methods.Unary, message('y')).then(
          () => true,
          () => false,
        ),
      'a call after the connection broke succeeds',
    );
  });

  t.test(
    `${engine.name}: close lets unary calls finish, ends streams and refuses what is new`,
    async (t) => {
      const release = deferred();
      const started = deferred();
      let stopped: AbortSignal | undefined;
      const { channel, close, endpoint } = await start(t, {
        Unary: async (request) => {
          started.resolve();
          await release.promise;
          return request;
        },
        Both: async (stream) => {
          stopped = stream.signal;
          stream.send(message('open'));
          await collect(stream.requests);
        },
      });
      const stream = channel.stream(Echo.methods.Both);
      const iterator = stream.responses[Symbol.asyncIterator]();
      await iterator.next();
      const call = channel.unary(Echo.methods.Unary, message('last'));
      await started.promise;
      const closed = close(10_000);
      const ended = await failure(drain(iterator));
      t.strictSame([ended.code, ended.sent], [Status.unavailable, true]);
      t.equal(stopped!.aborted, true);
      const late = engine.createChannel(endpoint);
      const refused = await failure(late.unary(Echo.methods.Unary, message('late')));
      t.strictSame([refused.code, refused.sent], [Status.unavailable, false]);
      await late.close();
      release.resolve();
      t.equal(textOf(await call), 'last');
      await closed;
    },
  );

  t.test(`${engine.name}: close drops what outlasts the grace`, async (t) => {
    const started = deferred();
    const { channel, close } = await start(t, {
      Unary: async (request, call) => {
        started.resolve();
        await new Promise<void>((resolve) =>
          call.signal.addEventListener('abort', () => resolve()),
        );
        return request;
      },
    });
    const call = failure(channel.unary(Echo.methods.Unary, message('x')));
    await started.promise;
    await close(50);
    t.equal((await call).code, Status.unavailable);
  });

  t.test(`${engine.name}: garbage on the port disturbs nobody`, async (t) => {
    const { port, channel, errors } = await start(t, { Unary: (request) => request });
    const garbage: readonly Buffer[] = [
      Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\ngarbage garbage garbage garbage'),
      Buffer.from('PRI * HTTP/2.0\r\n\r\nXX'),
      Buffer.from('GET / HTTP/9.9\r\n\r\n'),
      Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00]),
      Buffer.alloc(70_000, 0xff),
    ];
    for (const bytes of garbage) {
      await new Promise<void>((resolve) => {
        const socket = net.connect(port, '127.0.0.1', () => socket.end(bytes));
        socket.on('error', () => {});
        socket.on('close', () => resolve());
        socket.resume();
      });
    }
    t.equal(textOf(await channel.unary(Echo.methods.Unary, message('x'))), 'x');
    t.strictSame(errors, []);
  });

  t.test(`${engine.name}: no client can bring the server down`, async (t) => {
    const { endpoint, port, channel } = await start(t, {
      Unary: async (request, call) => {
        call.signal.addEventListener('abort', () => {});
        await new Promise((resolve) => setImmediate(resolve));
        return request;
      },
      Down: async (stream) => {
        for await (const request of stream.requests) {
          for (let i = 0; i < 20; i++) {
            await new Promise((resolve) => setImmediate(resolve));
            if (!stream.send(request)) await stream.drained();
          }
        }
      },
      Both: async (stream) => {
        for await (const request of stream.requests) stream.send(request);
      },
    });
    const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
    t.comment(`SEED=${seed}`);
    const paths = [...Object.values(Echo.methods).map((method) => method.path), '/x', '/a/b', '/'];
    for (let round = 0; round < 10; round++) {
      const prng = new Prng(seed + round);
      await hostileCalls(endpoint, paths, prng);
      for (let i = 0; i < 10; i++) await garbageConnection(port, prng);
    }
    t.equal(textOf(await channel.unary(Echo.methods.Unary, message('x'))), 'x');
  });

  t.test(`${engine.name}: hostile metadata is survived`, async (t) => {
    const { endpoint, channel } = await start(t, { Unary: (request) => request });
    const metadata = { 'x-bin': Buffer.alloc(200_000, 0xfe), 'x-text': 'y'.repeat(100_000) };
    const { code } = await rawCall(endpoint, Echo.methods.Unary.path, [Buffer.alloc(0)], {
      metadata,
    });
    t.ok(
      [Status.ok, Status.internal, Status.unavailable, Status.resourceExhausted].includes(
        code as 0,
      ),
    );
    t.equal(textOf(await channel.unary(Echo.methods.Unary, message('x'))), 'x');
  });
}

async function drain(iterator: AsyncIterator<unknown>): Promise<void> {
  while (!(await iterator.next()).done);
}

/** Passes connections on to a port until they are broken. */
async function breakableRelay(
  port: number,
): Promise<{ readonly port: number; breakAll(): void; close(): Promise<void> }> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    const upstream = net.connect(port, '127.0.0.1');
    for (const end of [socket, upstream]) {
      sockets.add(end);
      end.on('error', () => {});
      end.on('close', () => {
        sockets.delete(end);
        socket.destroy();
        upstream.destroy();
      });
    }
    socket.pipe(upstream).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const breakAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as net.AddressInfo).port,
    breakAll,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        breakAll();
      }),
  };
}
