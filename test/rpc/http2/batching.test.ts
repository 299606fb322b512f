import { Duplex } from 'node:stream';
import t from 'tap';
import { silentLogger } from '../../../src/base/logger.js';
import { createHttp2Server } from '../../../src/rpc/http2/server.js';
import { implementService } from '../../../src/rpc/implement.js';
import { PendingAnswer, type UnaryHandler } from '../../../src/rpc/service.js';
import type { KeyValue, KeyValueInit } from '../../../src/wire/gen/mvccpb.js';
import { ManualClock } from '../../store/manual-clock.js';
import { Echo } from '../echo-service.js';
import { eventually, realClock } from '../support.js';
import { headers, hello, message, ping, requestFields } from './frames.js';

/** A transport that counts what is written to it, and how often. */
class CountingWire extends Duplex {
  writeCount = 0;
  byteCount = 0;
  last: Buffer = Buffer.alloc(0);
  override _read(): void {
    // Input is pushed.
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.writeCount++;
    this.byteCount += chunk.length;
    this.last = chunk;
    done();
  }
}

const callCount = 100;
type Handler = UnaryHandler<KeyValue, KeyValueInit>;

/** What each kind of handler does; `all` is called with what is to be done once every call has come. */
const handlers: Readonly<Record<string, (all: (finish: () => void) => void) => Handler>> = {
  'at once': () => (request) => request,
  'by a promise': (all) => (request) => new Promise((resolve) => all(() => resolve(request))),
  'by an async function': (all) => async (request) => {
    await new Promise<void>((resolve) => all(resolve));
    return request;
  },
  'by a pending answer': (all) => (request) => {
    const pending = new PendingAnswer<KeyValueInit>();
    all(() => pending.answer(request));
    return pending;
  },
};

t.test('all answers of one event-loop turn leave in one write', async (t) => {
  for (const [how, make] of Object.entries(handlers)) {
    const waiting: (() => void)[] = [];
    const rpc = createHttp2Server({
      services: [implementService(Echo, { Unary: make((finish) => waiting.push(finish)) })],
      clock: realClock,
      logger: silentLogger,
      limits: { receiveBytesMax: 1000, concurrentStreamsMax: callCount },
      keepalive: { intervalMs: 0, timeoutMs: 0 },
    });
    const wire = new CountingWire();
    rpc.attach(wire);
    wire.push(hello);
    await eventually(() => wire.writeCount > 0, 'the server greets');
    const greeted = wire.byteCount;
    wire.writeCount = 0;
    const calls = Array.from({ length: callCount }, (_, i) =>
      Buffer.concat([
        headers(i * 2 + 1, requestFields(Echo.methods.Unary.path)),
        message(i * 2 + 1, new Uint8Array(0)),
      ]),
    );
    wire.push(Buffer.concat(calls));
    if (how !== 'at once') {
      await eventually(() => waiting.length === callCount, `${how}: all calls have come`);
      t.equal(wire.writeCount, 0, how);
      for (const finish of waiting) finish();
    }
    await eventually(() => wire.byteCount > greeted, `${how}: answers`);
    t.equal(wire.writeCount, 1, how);
    t.ok(wire.byteCount - greeted > callCount * 20, `${how}: all of them`);
    wire.destroy();
    await rpc.close({ graceMs: 0 });
  }
});

t.test('a PING after data is answered with the calls that are under way, or soon', async (t) => {
  const clock = new ManualClock();
  const waiting: PendingAnswer<KeyValueInit>[] = [];
  const answer = () => waiting.shift()?.answer({});
  const rpc = createHttp2Server({
    services: [
      implementService(Echo, {
        Unary: () => {
          const pending = new PendingAnswer<KeyValueInit>();
          waiting.push(pending);
          return pending;
        },
      }),
    ],
    clock,
    logger: silentLogger,
    limits: { receiveBytesMax: 1000, concurrentStreamsMax: callCount },
    keepalive: { intervalMs: 0, timeoutMs: 0 },
  });
  const wire = new CountingWire();
  rpc.attach(wire);
  let id = -1;
  /** What the server writes after so many calls and a PING have come. */
  const send = async (calls: number) => {
    const frames: Buffer[] = id < 0 ? [hello] : [];
    for (let i = 0; i < calls; i++) {
      id += 2;
      const fields = requestFields(Echo.methods.Unary.path);
      frames.push(headers(id, fields), message(id, new Uint8Array(0)));
    }
    frames.push(ping());
    wire.writeCount = 0;
    wire.push(Buffer.concat(frames));
    await clock.settle();
    return wire.writeCount;
  };
  const isPong = (bytes: Buffer) => bytes[3] === 6 && bytes[4] === 1 && bytes.length === 17;
  t.equal(await send(2), 1, 'no data was sent: at once');
  answer();
  await clock.settle();
  t.equal(await send(0), 0, 'after the answer: not at once');
  answer();
  await clock.settle();
  t.equal(wire.writeCount, 1, 'together with the answer');
  t.ok(isPong(wire.last.subarray(-17)), 'after it');
  t.equal(await send(1), 0);
  await clock.advance(9);
  t.equal(wire.writeCount, 0);
  await clock.advance(1);
  t.equal(wire.writeCount, 1, 'no answer has come meanwhile');
  t.ok(isPong(wire.last), 'the PING alone');
  t.equal(await send(0), 1, 'no data since the last PING');
  answer();
  await clock.settle();
  t.equal(await send(0), 1, 'no call is under way');
  t.equal(await send(1), 1);
  answer();
  await send(1);
  wire.destroy();
  await rpc.close({ graceMs: 0 });
  t.equal(clock.timerCount, 0, 'nothing is left running');
});
