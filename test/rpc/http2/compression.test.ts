import { gzipSync } from 'node:zlib';
import t from 'tap';
import { KeyValue } from '../../../src/wire/gen/mvccpb.js';
import { Echo, message as textMessage } from '../echo-service.js';
import { eventually, receiveBytesMax } from '../support.js';
import { data, headers, hello, message, requestFields, rstStream } from './frames.js';
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

/** A message almost as large as one may be, in some 2 KiB. */
const bomb = flagged(1, gzipSync(KeyValue.encode({ value: new Uint8Array(2_000_000) })));

t.test('compressed messages that nobody has read yet stay compressed', async (t) => {
  let release = () => {};
  let sizes: number[] = [];
  const { port } = await serveEcho(t, {
    Both: async (stream) => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      for await (const { value } of stream.requests) sizes = [...sizes, value.length];
    },
  });
  const client = await HandClient.connect(t, port);
  const before = process.memoryUsage().arrayBuffers;
  client.send(hello, headers(1, requestFields(both, gzip)));
  for (let i = 0; i < 200; i++) client.send(data(1, bomb));
  await client.settle();
  const grownBytes = process.memoryUsage().arrayBuffers - before;
  t.ok(grownBytes < 64 << 20, `${grownBytes} bytes, not 200 x 2 MB`);
  client.send(data(1, new Uint8Array(0), true));
  await client.settle();
  release();
  await eventually(() => client.status(1) === 0, 'the handler has read to the end');
  t.strictSame(sizes, Array(200).fill(2_000_000));
});

t.test('what follows a message that cannot be decompressed is not read', async (t) => {
  const texts: string[] = [];
  const { port } = await serveEcho(t, {
    Both: async (stream) => {
      for await (const { value } of stream.requests) texts.push(Buffer.from(value).toString());
    },
  });
  const client = await HandClient.connect(t, port);
  const parts = [flagged(1, zipped('a')), flagged(1, Buffer.from('broken')), echoed('c')];
  client.send(hello, headers(1, requestFields(both, gzip)), data(1, Buffer.concat(parts), true));
  await eventually(() => client.status(1) === 13, 'it fails');
  t.strictSame(texts, ['a']);
});

t.test('a compressed unary request is decompressed when it has ended', async (t) => {
  let calls = 0;
  const { port } = await serveEcho(t, {
    Unary: ({ value }, call) => {
      t.strictSame([value.length, call.requestBytes.length > value.length], [2_000_000, true]);
      calls++;
      return {};
    },
  });
  const client = await HandClient.connect(t, port);
  client.send(hello, headers(1, requestFields(unary, gzip)), data(1, bomb));
  client.send(headers(3, requestFields(unary, gzip)), data(3, flagged(1, Buffer.from('broken'))));
  await client.settle();
  t.strictSame([calls, client.status(3)], [0, undefined], 'nothing was decompressed');
  for (const id of [1, 3]) client.send(data(id, new Uint8Array(0), true));
  await eventually(() => client.status(1) === 0, 'one is answered');
  await eventually(() => client.status(3) === 13, 'the other refused');
  t.equal(calls, 1);
});

t.test(
  'requests decompressed for handlers at work are bounded, and count no more after',
  async (t) => {
    const finish: (() => void)[] = [];
    const { port } = await serveEcho(t, {
      Unary: async () => {
        await new Promise<void>((resolve) => finish.push(resolve));
        return {};
      },
    });
    const client = await HandClient.connect(t, port);
    client.send(hello);
    const ids = Array.from({ length: 300 }, (_, i) => i * 2 + 1);
    for (const id of ids)
      client.send(headers(id, requestFields(unary, gzip)), data(id, bomb, true));
    const refusedCount = () => ids.filter((id) => client.status(id) === 8).length;
    const most = Math.floor(
      (512 << 20) / KeyValue.encode({ value: new Uint8Array(2_000_000) }).length,
    );
    await eventually(() => finish.length + refusedCount() === 300, 'all have begun or are refused');
    t.equal(finish.length, most);
    const last = ids.filter((id) => client.status(id) === undefined).at(-1) as number;
    client.send(rstStream(last));
    client.send(headers(601, requestFields(unary, gzip)), data(601, bomb, true));
    await eventually(() => client.status(601) === 8, 'a handler whose call is gone has it still');
    for (const end of finish.splice(0)) end();
    await eventually(() => client.status(1) === 0, 'answered');
    client.send(headers(603, requestFields(unary, gzip)), data(603, bomb, true));
    await eventually(() => finish.length === 1, 'one more is let in');
    finish[0]!();
    await eventually(() => client.status(603) === 0, 'and answered');
  },
);

t.test('a call that is gone when its turn comes is not decompressed for', async (t) => {
  let calls = 0;
  const { port } = await serveEcho(t, {
    Unary: () => {
      calls++;
      return {};
    },
  });
  const client = await HandClient.connect(t, port);
  const ids = Array.from({ length: 200 }, (_, i) => i * 2 + 1);
  const calling = ids.map((id) =>
    Buffer.concat([headers(id, requestFields(unary, gzip)), data(id, bomb, true)]),
  );
  client.send(hello, ...calling, ...ids.map((id) => rstStream(id)));
  client.send(headers(401, requestFields(unary)), message(401, new Uint8Array(0)));
  await eventually(() => client.status(401) === 0, 'the connection is served');
  t.ok(calls < 201, `${calls} calls`);
});

t.test('what one read has brought is not decompressed in one turn of the event loop', async (t) => {
  let count = 0;
  let countInTurn = 0;
  const { port } = await serveEcho(t, {
    Both: async (stream) => {
      for await (const _ of stream.requests) {
        if (count++ === 0) {
          setImmediate(() => {
            countInTurn = count;
          });
        }
      }
    },
  });
  const client = await HandClient.connect(t, port);
  const bombs = Buffer.concat(Array.from({ length: 25 }, () => data(1, bomb)));
  client.send(
    hello,
    headers(1, requestFields(both, gzip)),
    bombs,
    data(1, new Uint8Array(0), true),
  );
  await eventually(() => client.status(1) === 0, 'all are read');
  t.equal(count, 25);
  t.ok(countInTurn < 25, `${countInTurn} in one turn`);
});
