import { Duplex } from 'node:stream';
import t from 'tap';
import { silentLogger } from '../../../src/base/logger.js';
import { createHttp2Server } from '../../../src/rpc/http2/server.js';
import { implementService } from '../../../src/rpc/implement.js';
import { PendingAnswer, type UnaryHandler } from '../../../src/rpc/service.js';
import type { KeyValue, KeyValueInit } from '../../../src/wire/gen/mvccpb.js';
import { Echo } from '../echo-service.js';
import { eventually, realClock } from '../support.js';
import { headers, hello, message, requestFields } from './frames.js';

/** A transport that counts what is written to it, and how often. */
class CountingWire extends Duplex {
  writeCount = 0;
  byteCount = 0;
  override _read(): void {
    // Input is pushed.
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.writeCount++;
    this.byteCount += chunk.length;
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
