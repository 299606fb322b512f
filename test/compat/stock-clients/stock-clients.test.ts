import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import http2 from 'node:http2';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createGrpcJsChannel } from '../../../src/rpc/grpc-js/index.js';
import { KV, PutRequest, PutResponse, Watch } from '../../../src/wire/gen/etcdserverpb.js';
import {
  RangeRequest,
  RangeResponse,
  WatchRequest,
  WatchResponse,
} from '../../../src/wire/index.js';
import { needs, projectDir, skipBecause } from '../../e2e/project.js';
import { ca } from '../../rpc/certificates.js';
import { prefixed } from '../../rpc/http2/frames.js';
import { realClock } from '../../rpc/support.js';
import { type Home, startMember } from './member.js';
import { type Ended, run } from './run.js';

/** Clients that people have, each against a member that is a process of its own, without and with TLS. */

const utf8 = new TextEncoder();
const key = utf8.encode('k');
const put = PutRequest.encode({ key, value: utf8.encode('stock') });
const range = RangeRequest.encode({ key });

/** Runs `test` against the member's two addresses. */
function onBoth(
  t: Test,
  home: Home,
  test: (t: Test, url: string, isSecure: boolean) => Promise<void>,
): Promise<unknown> {
  return Promise.all([
    t.test('plain text', (t) => test(t, `http://${home.plain}`, false)),
    t.test('TLS', (t) => test(t, `https://${home.secure}`, true)),
  ]);
}

/** A file with a request as a client sends it. */
function requestFile(home: Home, name: string, message: Uint8Array): string {
  const path = join(home.dir, name);
  writeFileSync(path, prefixed(message));
  return path;
}

/** The one message of a response's payload. */
function soleMessageOf(payload: Buffer): Buffer {
  const size = payload.readUInt32BE(1);
  if (payload[0] !== 0 || payload.length !== 5 + size) throw new Error(payload.toString('hex'));
  return payload.subarray(5);
}

function textOf(ended: Ended): string {
  return `exit code ${ended.code}\n${ended.stderr}${ended.stdout.toString('latin1')}`;
}

const grpcHeaders = ['content-type: application/grpc', 'te: trailers'];

t.test('curl', needs('curl'), async (t) => {
  const home = await startMember(t);
  await onBoth(t, home, async (t, url, isSecure) => {
    const call = async (path: string, message: Uint8Array) => {
      const headerFile = join(home.dir, `headers-${isSecure}`);
      const ended = await run('curl', [
        ...(isSecure ? ['--http2', '--cacert', home.caFile] : ['--http2-prior-knowledge']),
        ...['--silent', '--show-error', '--dump-header', headerFile],
        ...grpcHeaders.flatMap((header) => ['--header', header]),
        ...['--data-binary', `@${requestFile(home, `curl-${isSecure}`, message)}`],
        `${url}${path}`,
      ]);
      t.equal(ended.code, 0, ended.stderr);
      return { body: ended.stdout, head: readFileSync(headerFile, 'latin1') };
    };
    const written = await call(KV.methods.Put.path, put);
    t.match(
      written.head,
      /^HTTP\/2 200[\s\S]*content-type: application\/grpc[\s\S]*grpc-status: 0/,
    );
    const read = await call(KV.methods.Range.path, range);
    const [kv] = RangeResponse.decode(soleMessageOf(read.body)).kvs;
    t.strictSame(kv?.value, put.slice(-5));
    const refused = await call(KV.methods.Put.path, PutRequest.encode({}));
    t.match(refused.head, /grpc-status: 3\r\ngrpc-message: etcdserver: key is not provided/);
    for (const version of ['--http1.1', isSecure ? '--http2' : '--http2-prior-knowledge']) {
      const health = await run('curl', [
        ...['--silent', version, '--cacert', home.caFile],
        `${url}/health`,
      ]);
      t.match(health.stdout.toString(), /"health":"true"/, `GET, ${version}`);
    }
  });
});

t.test('nghttp', needs('nghttp'), async (t) => {
  const home = await startMember(t);
  await onBoth(t, home, async (t, url, isSecure) => {
    const ended = await run('nghttp', [
      ...['--verbose', '--no-verify-peer', '--header', ':method: POST'],
      ...grpcHeaders.flatMap((header) => ['--header', header]),
      ...['--data', requestFile(home, `nghttp-${isSecure}`, put)],
      `${url}${KV.methods.Put.path}`,
    ]);
    const text = textOf(ended);
    t.equal(ended.code, 0, text);
    t.match(text, /:status: 200[\s\S]*grpc-status: 0/);
    t.notMatch(text, /PROTOCOL_ERROR|INTERNAL_ERROR/);
    if (isSecure) t.match(text, /negotiated protocol: h2/);
  });
});

t.test('h2load', needs('h2load'), async (t) => {
  const calls = 2000;
  const home = await startMember(t);
  await onBoth(t, home, async (t, url, isSecure) => {
    const ended = await run('h2load', [
      ...['-n', String(calls), '-c', '4', '-m', '50', '-t', '1'],
      ...grpcHeaders.flatMap((header) => ['-H', header]),
      ...['-d', requestFile(home, `h2load-${isSecure}`, put)],
      `${url}${KV.methods.Put.path}`,
    ]);
    const text = textOf(ended);
    t.match(text, `${calls} done, ${calls} succeeded, 0 failed, 0 errored, 0 timeout`);
    t.match(text, `status codes: ${calls} 2xx`);
  });
  const channel = createGrpcJsChannel(`http://${home.plain}`, { clock: realClock });
  t.teardown(() => channel.close());
  const { kvs } = await channel.unary(KV.methods.Range, { key });
  t.equal(kvs[0]?.version, 2 * calls, 'each of the calls was a put');
});

/** The Python that has grpcio, if there is one: Debian's package is for Debian's own. */
const python = ['python3', '/usr/bin/python3'].find(
  (program) => spawnSync(program, ['-c', 'import grpc']).status === 0,
);

t.test(
  'grpcio',
  skipBecause(python === undefined && 'no Python on this machine has grpcio (python3-grpcio)'),
  async (t) => {
    const home = await startMember(t);
    const script = join(projectDir, 'test/compat/stock-clients/grpcio_client.py');
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
    for (const isSecure of [false, true]) {
      const ended = await run(python!, [
        script,
        isSecure ? home.secure : home.plain,
        isSecure ? home.caFile : '-',
        hex(put),
        hex(WatchRequest.encode({ createRequest: { key } })),
        hex(PutRequest.encode({})),
      ]);
      t.equal(ended.code, 0, ended.stderr);
      const seen = JSON.parse(ended.stdout.toString());
      const bytes = (name: string) => Buffer.from(seen[name], 'hex');
      t.equal(WatchResponse.decode(bytes('created')).created, true);
      const first = PutResponse.decode(bytes('put')).header!.revision;
      const event = WatchResponse.decode(bytes('event')).events[0]!;
      t.equal(event.kv!.modRevision, first);
      const second = PutResponse.decode(bytes('gzipped')).header!.revision;
      t.equal(second, first + 1, 'a request compressed with gzip');
      t.equal(WatchResponse.decode(bytes('event of gzipped')).header!.revision, second);
      t.strictSame(seen.error, [3, 'etcdserver: key is not provided']);
      t.equal(seen.status, 1, 'the watch is cancelled');
    }
  },
);

t.test('grpc-js', async (t) => {
  const home = await startMember(t);
  await onBoth(t, home, async (t, url, isSecure) => {
    const channel = createGrpcJsChannel(url, {
      clock: realClock,
      ...(isSecure && { tls: { ca } }),
    });
    t.teardown(() => channel.close());
    const watch = channel.stream(Watch.methods.Watch);
    const name = utf8.encode(`grpc-js ${isSecure}`);
    watch.send({ createRequest: { key: name } });
    const responses = watch.responses[Symbol.asyncIterator]();
    t.equal((await responses.next()).value.created, true);
    const { header } = await channel.unary(KV.methods.Put, { key: name, value: name });
    const { value } = await responses.next();
    t.equal(value.events[0].kv.modRevision, header!.revision);
    watch.cancel();
    await t.rejects(responses.next(), { code: 1 });
  });
});

t.test('node:http2', async (t) => {
  const home = await startMember(t);
  await onBoth(t, home, async (t, url) => {
    const session = http2.connect(url, { ca });
    t.teardown(() => session.destroy());
    const call = (path: string, message: Uint8Array) => {
      const stream = session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      stream.end(prefixed(message));
      return new Promise<{ body: Buffer; trailers: http2.IncomingHttpHeaders }>(
        (resolve, reject) => {
          const chunks: Buffer[] = [];
          let trailers: http2.IncomingHttpHeaders = {};
          stream.on('data', (chunk: Buffer) => chunks.push(chunk));
          stream.on('trailers', (fields) => {
            trailers = fields;
          });
          stream.on('end', () => resolve({ body: Buffer.concat(chunks), trailers }));
          stream.on('error', reject);
        },
      );
    };
    t.equal((await call(KV.methods.Put.path, put)).trailers['grpc-status'], '0');
    const reads = await Promise.all(
      Array.from({ length: 50 }, () => call(KV.methods.Range.path, range)),
    );
    for (const { body } of reads) {
      t.equal(RangeResponse.decode(soleMessageOf(body)).count, 1);
    }
  });
});

t.test('etcdctl over TLS', needs('etcdctl'), async (t) => {
  const home = await startMember(t);
  const etcdctl = (...words: string[]) =>
    run('env', [
      'ETCDCTL_API=3',
      'etcdctl',
      ...['--command-timeout=60s', '--dial-timeout=60s'],
      ...['--endpoints', `https://${home.secure}`, '--cacert', home.caFile, ...words],
    ]);
  const written = await etcdctl('put', 'k', 'v');
  t.equal(written.stdout.toString(), 'OK\n', written.stderr);
  t.equal((await etcdctl('get', 'k')).stdout.toString(), 'k\nv\n');
  t.match(textOf(await etcdctl('endpoint', 'health')), /is healthy/);
  const stranger = await run('env', [
    'ETCDCTL_API=3',
    'etcdctl',
    ...['--endpoints', `https://${home.secure}`, '--command-timeout', '1s', 'get', 'k'],
  ]);
  t.not(stranger.code, 0, 'without the authority nothing is trusted');
});
