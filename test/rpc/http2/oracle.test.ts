import http2 from 'node:http2';
import t, { type Test } from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { createGrpcJsServer } from '../../../src/rpc/grpc-js/server.js';
import { createHttp2Server } from '../../../src/rpc/http2/server.js';
import { implementService } from '../../../src/rpc/implement.js';
import { RpcError, type StatusCode } from '../../../src/rpc/service.js';
import { KeyValue } from '../../../src/wire/gen/mvccpb.js';
import { Echo, message, textOf } from '../echo-service.js';
import { rawCall } from '../raw-client.js';
import { type Served, serve } from '../support.js';
import { prefixed } from './frames.js';

/** Random traffic of stock clients, answered by both engines alike. */

const echo = implementService(Echo, {
  Unary: async (request, call) => {
    const text = textOf(request);
    if (text === 'metadata') return message(JSON.stringify(describe(call.metadata)));
    if (request.version > 0) throw new RpcError(request.version as StatusCode, text);
    return request;
  },
  Down: async (stream) => {
    for await (const request of stream.requests) {
      for (let i = 0; i < request.lease % 7n; i++) {
        if (!stream.send(request)) await stream.drained();
      }
    }
  },
  Up: async (stream) => {
    let bytes = 0;
    for await (const request of stream.requests) bytes += request.value.length;
    stream.send(message(String(bytes)));
  },
  Both: async (stream) => {
    for await (const request of stream.requests) {
      if (!stream.send(request)) await stream.drained();
      if (request.version > 0) throw new RpcError(request.version as StatusCode, 'enough');
    }
  },
});

function describe(metadata: ReadonlyMap<string, readonly (string | Uint8Array)[]>): unknown {
  return [...metadata]
    .filter(([name]) => name.startsWith('x-'))
    .map(([name, values]) => [
      name,
      values.map((value) =>
        typeof value === 'string' ? value : Buffer.from(value).toString('hex'),
      ),
    ])
    .sort();
}

async function both(t: Test): Promise<readonly [own: Served, reference: Served]> {
  const own = await serve(t, { createServer: createHttp2Server }, [echo]);
  const reference = await serve(t, { createServer: createGrpcJsServer }, [echo]);
  return [own, reference];
}

function randomText(prng: Prng): string {
  return Array.from({ length: prng.int(1, 20) }, () => prng.pick([...'abz %~"\\é☃\n'])).join('');
}

t.test('grpc-js clients get the same answers of both engines to random calls', async (t) => {
  const seed = 4242;
  const prng = new Prng(seed);
  const [own, reference] = await both(t);
  for (let round = 0; round < 60; round++) {
    const method = prng.pick(['Unary', 'Down', 'Up', 'Both', 'Absent'] as const);
    const count = method === 'Unary' || method === 'Absent' ? 1 : prng.int(0, 6);
    const requests = Array.from({ length: count }, () =>
      KeyValue.encode({
        value: prng.chance(0.3)
          ? Buffer.from(randomText(prng))
          : prng.bytes(prng.pick([0, 10, 16_000, 200_000])),
        lease: BigInt(prng.int(0, 20)),
        version: prng.chance(0.2) ? prng.int(1, 17) : 0,
      }),
    );
    const { path } = Echo.methods[method];
    const answers = await Promise.all(
      [own, reference].map(({ endpoint }) => rawCall(endpoint, path, requests)),
    );
    t.strictSame(answers[0], answers[1], `seed ${seed} round ${round}: ${method}`);
  }
});

/** A unary call over node:http2, whose HPACK encoder (nghttp2) is the oracle for our decoder. */
function callOver(
  session: http2.ClientHttp2Session,
  fields: http2.OutgoingHttpHeaders,
  body: Uint8Array,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': Echo.methods.Unary.path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...fields,
    });
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('end', () => resolve(textOf(KeyValue.decode(Buffer.concat(chunks).subarray(5)))));
    stream.end(prefixed(body));
  });
}

t.test(
  'header lists that node:http2 encodes reach the handler as with the reference engine',
  async (t) => {
    const seed = 7541;
    const prng = new Prng(seed);
    const [own, reference] = await both(t);
    const sessions = [own, reference].map(({ endpoint }) => http2.connect(endpoint));
    for (const session of sessions) t.teardown(() => session.destroy());
    const body = KeyValue.encode(message('metadata'));
    const chars = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));
    const names = Array.from({ length: 12 }, (_, i) => `x-${i}${'n'.repeat(i * 3)}`);
    for (let round = 0; round < 300; round++) {
      const fields: http2.OutgoingHttpHeaders = {};
      for (let i = prng.int(0, 8); i > 0; i--) {
        const length = prng.pick([0, 1, 5, 30, 300]);
        const text = Array.from({ length }, () => prng.pick(chars)).join('');
        fields[prng.pick(names)] = prng.chance(0.3) ? 'again' : text;
      }
      if (prng.chance(0.3)) {
        fields['x-bytes-bin'] = Buffer.from(prng.bytes(prng.int(0, 50))).toString('base64');
      }
      // Fields marked as sensitive come as literals that are never indexed.
      if (prng.chance(0.3))
        fields[http2.sensitiveHeaders as unknown as string] = [prng.pick(names)] as never;
      const [mine, theirs] = await Promise.all(
        sessions.map((session) => callOver(session, fields, body)),
      );
      if (mine !== theirs) {
        t.equal(mine, theirs, `seed ${seed} round ${round}`);
        return;
      }
    }
    t.pass('300 lists');
  },
);

t.test('octets above ASCII that node:http2 encodes arrive as they are', async (t) => {
  const [own] = await both(t);
  const session = http2.connect(own.endpoint);
  t.teardown(() => session.destroy());
  const octets = Array.from({ length: 256 - 0x80 }, (_, i) => String.fromCharCode(0x80 + i));
  const fields = Object.fromEntries(
    octets.map((octet, i) => [`x-${i}`, octet.repeat(9) + 'a'.repeat(40)]),
  );
  const answer = await callOver(session, fields, KeyValue.encode(message('metadata')));
  const wanted = Object.entries(fields).map(([name, value]) => [name, [value]]);
  t.strictSame(JSON.parse(answer), wanted.sort());
});

t.test('many calls at once over one node:http2 connection all get their own answer', async (t) => {
  const [own] = await both(t);
  const session = http2.connect(own.endpoint);
  t.teardown(() => session.destroy());
  const texts = Array.from({ length: 900 }, (_, i) => `call ${i}`);
  const answers = await Promise.all(
    texts.map((text) => callOver(session, {}, KeyValue.encode(message(text)))),
  );
  t.strictSame(answers, texts);
});
