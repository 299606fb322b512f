import { gzipSync } from 'node:zlib';
import t from 'tap';
import { KeyValue } from '../../../src/wire/gen/mvccpb.js';
import { Echo, message as textMessage } from '../echo-service.js';
import { eventually, receiveBytesMax } from '../support.js';
import { data, headers, hello, requestFields } from './frames.js';
import { HandClient } from './hand-client.js';
import { serveEcho } from './serve-echo.js';

const unary = Echo.methods.Unary.path;
const both = Echo.methods.Both.path;
const gzip = [['grpc-encoding', 'gzip']] as const;

/** A length-prefixed message with the flag given. */
function flagged(flag: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(5 + payload.length);
  bytes[0] = flag;
  bytes.writeUInt32BE(payload.length, 1);
  bytes.set(payload, 5);
  return bytes;
}

const echoed = (text: string) => flagged(0, KeyValue.encode(textMessage(text)));
const zipped = (text: string) => gzipSync(KeyValue.encode(textMessage(text)));

t.test('a server takes messages that are compressed with gzip', async (t) => {
  const { port } = await serveEcho(t, {
    Unary: (request) => request,
    Both: async (stream) => {
      for await (const request of stream.requests) stream.send(request);
    },
  });
  const client = await HandClient.connect(t, port);
  const long = 'x'.repeat(10_000);
  client.send(hello);
  client.send(headers(1, requestFields(unary, gzip)), data(1, flagged(1, zipped(long)), true));
  client.send(headers(3, requestFields(unary, gzip)), data(3, echoed('not this one'), true));
  const mixed = [flagged(1, zipped('a')), echoed('b'), flagged(1, zipped('c'))];
  const [first, rest] = [Buffer.concat(mixed).subarray(0, 20), Buffer.concat(mixed).subarray(20)];
  client.send(headers(5, requestFields(both, gzip)), data(5, first), data(5, rest, true));
  await eventually(() => [1, 3, 5].every((id) => client.status(id) === 0), 'all are answered');
  const answer = (id: number) => Buffer.concat(client.of(0, id).map(({ payload }) => payload));
  t.strictSame(answer(1), echoed(long), 'answered without compression');
  t.strictSame(answer(3), echoed('not this one'));
  t.strictSame(answer(5), Buffer.concat([echoed('a'), echoed('b'), echoed('c')]));
  t.equal(client.of(1, 1)[0]!.fields['grpc-accept-encoding'], 'identity,gzip');
});

const refused: readonly (readonly [string, Uint8Array, number, RegExp])[] = [
  ['a bomb', gzipSync(Buffer.alloc(100 << 20)), 8, /after decompression larger than max 2097152$/],
  [
    'a message one byte too large',
    gzipSync(Buffer.alloc(receiveBytesMax + 1)),
    8,
    /after decompression larger than max 2097152$/,
  ],
  ['what is not gzip', Buffer.from('not gzip at all'), 13, /failed to decompress/],
  ['the beginning of gzip', zipped('abc').subarray(0, 15), 13, /failed to decompress/],
  ['nothing', new Uint8Array(0), 13, /failed to decompress/],
];

t.test('a server refuses compressed messages that are too large or broken', async (t) => {
  const { port } = await serveEcho(t, {
    Unary: (request) => request,
    Both: async (stream) => {
      for await (const request of stream.requests) stream.send(request);
    },
  });
  for (const [what, payload, status, text] of refused) {
    for (const path of [unary, both]) {
      const client = await HandClient.connect(t, port);
      const before = process.memoryUsage().rss;
      client.send(hello, headers(1, requestFields(path, gzip)));
      const bytes = flagged(1, payload);
      for (let pos = 0; pos < bytes.length; pos += 16_384) {
        client.send(data(1, bytes.subarray(pos, pos + 16_384), pos + 16_384 >= bytes.length));
      }
      await eventually(() => client.status(1) !== undefined, what);
      const [head] = client.of(1, 1);
      t.equal(head!.fields['grpc-status'], String(status), `${what}, ${path}`);
      t.match(head!.fields['grpc-message'], text, `${what}, ${path}`);
      t.ok(process.memoryUsage().rss - before < 64 << 20, `${what}: not built`);
    }
  }
});
