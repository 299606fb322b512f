import t from 'tap';
import { silentLogger } from '../../../src/base/logger.js';
import { createGrpcJsChannel } from '../../../src/rpc/grpc-js/channel.js';
import { createHttp2Server } from '../../../src/rpc/http2/server.js';
import { implementService } from '../../../src/rpc/implement.js';
import { listen } from '../../../src/rpc/listener.js';
import { KeyValue } from '../../../src/wire/gen/mvccpb.js';
import { ca, serverCert, serverKey } from '../certificates.js';
import { Echo } from '../echo-service.js';
import { realClock } from '../support.js';

t.test('calls over TLS carry messages of any size, many at once', async (t) => {
  const rpc = createHttp2Server({
    services: [implementService(Echo, { Unary: (request) => request })],
    clock: realClock,
    logger: silentLogger,
    limits: { receiveBytesMax: 4 << 20, concurrentStreamsMax: 100 },
    keepalive: { intervalMs: 60_000, timeoutMs: 20_000 },
  });
  const listener = await listen({
    url: 'https://127.0.0.1:0',
    tls: { cert: serverCert, key: serverKey, clientCa: null, clientCertAuth: false },
    rpc,
    http: new Map(),
    clock: realClock,
    logger: silentLogger,
    silenceMsMax: 10_000,
  });
  t.teardown(() => Promise.all([rpc.close({ graceMs: 0 }), listener.close({ graceMs: 0 })]));
  const endpoint = `https://127.0.0.1:${listener.port}`;
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
