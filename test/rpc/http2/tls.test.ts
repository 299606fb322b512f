import t from 'tap';
import { createGrpcJsChannel } from '../../../src/rpc/grpc-js/channel.js';
import { KeyValue } from '../../../src/wire/gen/mvccpb.js';
import { ca } from '../certificates.js';
import { Echo } from '../echo-service.js';
import { realClock, testTls } from '../support.js';
import { serveEcho } from './serve-echo.js';

t.test('calls over TLS carry messages of any size, many at once', async (t) => {
  const { endpoint } = await serveEcho(
    t,
    { Unary: (request) => request },
    { tls: testTls, limits: { receiveBytesMax: 4 << 20, concurrentStreamsMax: 100 } },
  );
  const channel = createGrpcJsChannel(endpoint, { clock: realClock, tls: { ca } });
  t.teardown(() => channel.close());
  const sizes = [
    0,
    1,
    100,
    16_379,
    16_380,
    70_000,
    2_000_000,
    ...Array.from({ length: 50 }, (_, i) => i),
  ];
  const answers = await Promise.all(
    sizes.map((size, i) =>
      channel.unary(Echo.methods.Unary, KeyValue.create({ value: Buffer.alloc(size, i) })),
    ),
  );
  answers.forEach(({ value }, i) => {
    if (!Buffer.from(value).equals(Buffer.alloc(sizes[i]!, i)))
      t.fail(`answer ${i} is not what was sent`);
  });
  t.equal(answers.length, sizes.length);
});
