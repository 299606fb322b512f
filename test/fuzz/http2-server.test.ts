import { gzipSync } from 'node:zlib';
import t from 'tap';
import type { Prng } from '../../src/base/prng.js';
import { HpackDecoder, HpackError } from '../../src/rpc/http2/hpack/decoder.js';
import { HpackEncoder } from '../../src/rpc/http2/hpack/encoder.js';
import { createHttp2Server } from '../../src/rpc/http2/server.js';
import { implementService } from '../../src/rpc/implement.js';
import type { WebHandler } from '../../src/rpc/web.js';
import { KeyValue } from '../../src/wire/gen/mvccpb.js';
import { Echo, message as textMessage } from '../rpc/echo-service.js';
import {
  block,
  data,
  type Fields,
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
} from '../rpc/http2/frames.js';
import { realClock } from '../rpc/support.js';
import { campaign, turn } from './campaign.js';
import { corrupt, cut, Wire } from './wire.js';

const paths = Object.values(Echo.methods).map(({ path }) => path);
const small = KeyValue.encode(textMessage('x'));

/** Fields that a request may have more of. */
const extraFields: Fields = [
  ['grpc-encoding', 'gzip'],
  ['grpc-timeout', '1m'],
  ['content-length', '10'],
];

/** Requests that are no gRPC calls: what their handler does is in their path. */
const webPaths = ['/echo', '/ignore', '/half', '/signal'];
const webFields: Fields = [
  ['content-length', '10'],
  ['content-length', '100'],
  ['expect', '100-continue'],
  ['cookie', 'a=b'],
  ['host', 'other'],
  ['content-type', 'application/json'],
  ['Upper', 'x'],
  ['connection', 'close'],
];

let webHandlerCount = 0;

const web: WebHandler = async (request, response) => {
  webHandlerCount++;
  try {
    await answer(request, response);
  } finally {
    webHandlerCount--;
  }
};

const answer: WebHandler = async (request, response) => {
  switch (request.path) {
    case '/echo':
      response.start(200, { 'content-type': 'text/plain' });
      for await (const chunk of request.body) await response.write(chunk);
      break;
    case '/half':
      for await (const _ of request.body) break;
      response.start(403, { 'x-authority': request.authority });
      break;
    case '/signal':
      request.signal.addEventListener('abort', () => {});
      response.start(200, {});
      await response.write(Buffer.alloc(100));
      break;
    default:
      response.start(404, {});
  }
  response.end(Buffer.from('end'));
};

/** A message that says it is compressed, rightly or not. */
function compressed(id: number, prng: Prng): Buffer {
  const payload = prng.chance(0.7) ? gzipSync(small) : prng.bytes(30);
  const bytes = prefixed(payload);
  bytes[0] = 1;
  return data(id, bytes, prng.chance(0.5));
}

/** Makes the frames of one connection; most of them are allowed where they stand. */
class Talk {
  readonly #prng: Prng;
  #lastId = -1;

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  /** One or more frames. */
  next(): Buffer {
    const prng = this.#prng;
    if (prng.chance(0.03)) return this.#wild();
    if (this.#lastId < 0 || prng.chance(0.4)) return this.#open();
    const id = prng.int(0, (this.#lastId + 1) / 2) * 2 + 1;
    switch (prng.int(0, 9)) {
      case 0:
      case 1:
        return message(id, small, prng.chance(0.5));
      case 2:
        return data(id, prng.bytes(prng.int(0, 100)), prng.chance(0.3));
      case 3:
        return rstStream(id, prng.int(0, 14));
      case 4:
        return windowUpdate(prng.chance(0.3) ? 0 : id, prng.pick([1, 1000, 2 ** 20]));
      case 5:
        return settings([prng.pick([1, 3, 4, 6, 9]), prng.pick([0, 1, 100, 16_384, 65_535])]);
      case 6:
        return ping();
      case 7:
        return compressed(id, prng);
      default:
        return frame(2, 0, id, prng.bytes(5));
    }
  }

  /** A new stream, perhaps with all that belongs to its call. */
  #open(): Buffer {
    const prng = this.#prng;
    this.#lastId += 2;
    const id = this.#lastId;
    const fields = prng.chance(0.5) ? this.#webFields() : this.#callFields();
    switch (prng.int(0, 4)) {
      case 0:
        return headers(id, fields, prng.chance(0.2));
      case 1: {
        const whole = block(fields);
        const cut = prng.int(0, whole.length);
        const rest = frame(9, 4, id, whole.subarray(cut));
        return Buffer.concat([frame(1, 0, id, whole.subarray(0, cut)), rest]);
      }
      default:
        return Buffer.concat([headers(id, fields), message(id, small)]);
    }
  }

  #callFields(): Fields {
    const prng = this.#prng;
    return requestFields(
      prng.pick([...paths, '/x/y', 'z']),
      extraFields.filter(() => prng.chance(0.2)),
    );
  }

  #webFields(): Fields {
    const prng = this.#prng;
    return [
      [':method', prng.pick(['GET', 'HEAD', 'POST', 'PUT'])],
      [':scheme', 'http'],
      [':path', prng.pick([...webPaths, '*', 'http://x/'])],
      [':authority', 'test'],
      ...webFields.filter(() => prng.chance(0.1)),
    ];
  }

  /** Anything. */
  #wild(): Buffer {
    const prng = this.#prng;
    const payload = prng.bytes(prng.int(0, 60));
    return frame(prng.int(0, 12), prng.int(0, 256), prng.int(0, 20), payload);
  }
}

/** The input of one connection: sensible frames, some of them broken, cut anywhere. */
function inputOf(prng: Prng): Buffer[] {
  const talk = new Talk(prng);
  const parts = [prng.chance(0.97) ? hello : Buffer.from(prng.bytes(40))];
  for (let i = prng.int(1, 60); i > 0; i--) parts.push(talk.next());
  const input = Buffer.concat(parts);
  corrupt(input, 24, 0.3, prng);
  return cut(input, prng);
}

t.test('a server survives random and mutated frames, and its answers are bounded', async (t) => {
  const errors: string[] = [];
  const rpc = createHttp2Server({
    services: [
      implementService(Echo, {
        Unary: (request) => request,
        Up: async (stream) => {
          for await (const request of stream.requests) stream.send(request);
        },
        Both: async (stream) => {
          for await (const request of stream.requests) stream.send(request);
        },
      }),
    ],
    web,
    clock: realClock,
    logger: {
      debug() {},
      info() {},
      warn() {},
      error: (text, fields) => void errors.push(`${text} ${fields?.error}`),
      child() {
        return this;
      },
    },
    limits: { receiveBytesMax: 100_000, concurrentStreamsMax: 5 },
    keepalive: { intervalMs: 60_000, timeoutMs: 20_000 },
  });
  let survivors = 0;
  const rounds = await campaign(t, 'http2-server.test', async (prng, seed) => {
    const chunks = inputOf(prng);
    const inputBytes = chunks.reduce((sum, { length }) => sum + length, 0);
    const wire = new Wire();
    rpc.attach(wire);
    await wire.feed(chunks, seed % 3 === 0);
    if (!wire.destroyed) survivors++;
    wire.destroy();
    if (errors.length > 0) return errors.splice(0).join('\n');
    await turn();
    if (webHandlerCount > 0) return `${webHandlerCount} handlers outlive their connection`;
    const isTooMuch = wire.sentBytes > 1000 + inputBytes * 12;
    return isTooMuch ? `${wire.sentBytes} bytes sent for ${inputBytes}` : null;
  });
  await rpc.close({ graceMs: 0 });
  if (rounds >= 100) t.ok(survivors > rounds / 5, `${survivors} of ${rounds} connections lived on`);
});

t.test('HpackDecoder throws HpackError or nothing, and keeps its table bounded', async (t) => {
  await campaign(t, 'http2-server.test', (prng) => {
    const decoder = new HpackDecoder(4096);
    const encoder = new HpackEncoder();
    for (let i = 0; i < 30; i++) {
      const bytes = prng.chance(0.5)
        ? prng.bytes(prng.int(0, 80))
        : encoder.encode([
            { name: 'abc', value: String.fromCharCode(...prng.bytes(20)), kind: 'indexed' },
          ]);
      if (bytes.length > 0 && prng.chance(0.3)) bytes[prng.int(0, bytes.length)] = prng.int(0, 256);
      try {
        decoder.decode(bytes, 0, bytes.length, () => {});
      } catch (error) {
        if (!(error instanceof HpackError)) throw error;
        return null;
      }
      if (decoder.table.sizeBytes > 4096) return 'the table is too large';
    }
    return null;
  });
});
