import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { request as httpsRequest } from 'node:https';
import t, { type Test } from 'tap';
import { createLocalChannel } from '../../../../src/rpc/http2/index.js';
import type { ListenerTls, RpcServer } from '../../../../src/rpc/index.js';
import { clientHttp } from '../../../../src/store/api/client-http.js';
import type { HttpAccess } from '../../../../src/store/api/gateway/access.js';
import { Gateway } from '../../../../src/store/api/gateway/gateway.js';
import { gatewayPaths } from '../../../../src/store/api/gateway/paths.js';
import { httpRoutes } from '../../../../src/store/api/http.js';
import { apiServices } from '../../../../src/store/api/services.js';
import { until } from '../../../client/until.js';
import { ca, clientCert, clientKey } from '../../../rpc/certificates.js';
import { realClock, serve, testTls } from '../../../rpc/support.js';
import { apiEngine } from '../engine.js';
import { ApiRig } from '../rig.js';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const everybody: HttpAccess = { origins: new Set(['*']), hosts: new Set(['*']) };

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: unknown;
}

/** A rig behind its gateway. */
async function open(
  t: Test,
  options: {
    access?: HttpAccess;
    namesUsers?: boolean;
    tls?: ListenerTls;
    callsMax?: number;
    bodyBytesMax?: number;
    timeMsMax?: number;
  } = {},
) {
  const rig = await ApiRig.open(t);
  const holder: { rpc: RpcServer | null } = { rpc: null };
  const gateway = new Gateway({
    openChannel: () =>
      createLocalChannel({ attach: (end) => holder.rpc!.attach(end) }, { clock: realClock }),
    callsMax: options.callsMax ?? 100,
    body: {
      clock: realClock,
      bytesMax: options.bodyBytesMax ?? 4 << 20,
      timeMsMax: options.timeMsMax ?? 60_000,
    },
  });
  const { access = everybody, namesUsers = false } = options;
  const web = clientHttp(httpRoutes(rig), { gateway, access, namesUsers: () => namesUsers });
  const tls = options.tls === undefined ? {} : { tls: options.tls };
  const served = await serve(t, apiEngine(), apiServices(rig), { web, ...tls });
  holder.rpc = served.rpc;
  t.teardown(() => gateway.close());
  const post = async (path: string, body: unknown, headers = {}): Promise<Answer> => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(served.endpoint + path, { method: 'POST', body: text, headers });
    return { status: response.status, headers: response.headers, json: await response.json() };
  };
  return { rig, post, ...served };
}

/** The objects of a streaming answer, one a line. */
async function* linesOf(response: Response): AsyncGenerator<{ result: Record<string, unknown> }> {
  let rest = '';
  for await (const chunk of response.body!) {
    const lines = (rest + Buffer.from(chunk).toString()).split('\n');
    rest = lines.pop()!;
    for (const line of lines) yield JSON.parse(line);
  }
}

t.test('the gateway has every method of the API at a path', async (t) => {
  const rig = await ApiRig.open(t);
  const reached = new Set([...gatewayPaths.values()].map(({ path }) => path));
  for (const { descriptor } of apiServices(rig)) {
    if (descriptor.name.startsWith('grpc.health')) continue;
    for (const { path } of Object.values(descriptor.methods)) t.ok(reached.has(path), path);
  }
});

t.test('a method is a path, a request a body', async (t) => {
  const { post, endpoint } = await open(t);
  const put = await post('/v3/kv/put', { key: base64('foo'), value: base64('bar') });
  t.equal(put.status, 200);
  t.equal(put.headers.get('content-type'), 'application/json');
  t.equal(put.headers.get('grpc-metadata-content-type'), 'application/grpc');
  t.match(put.json, { header: { revision: '2' } });
  const range = await post('/v3beta/kv/range', { key: base64('foo') });
  t.match(range.json, { kvs: [{ key: base64('foo'), value: base64('bar'), version: '1' }] });
  t.match((await post('/v3/kv/range', '')).json, { code: 3, message: /key is not provided/ });
  const version = await fetch(`${endpoint}/version`);
  t.match(await version.json(), { etcdserver: '3.7.0' }, 'the other paths are there as well');
});

t.test('without a gateway there is nothing at its paths', async (t) => {
  const rig = await ApiRig.open(t);
  const web = clientHttp(httpRoutes(rig), {
    gateway: null,
    access: everybody,
    namesUsers: () => false,
  });
  const { endpoint } = await serve(t, apiEngine(), [], { web });
  const response = await fetch(`${endpoint}/v3/kv/range`, { method: 'POST', body: '{}' });
  t.equal(response.status, 404);
  t.equal(await response.text(), '404 page not found\n');
});

t.test('errors are told with their code, and HTTP status of it', async (t) => {
  const { post, endpoint } = await open(t);
  const rows: readonly (readonly [string, unknown, number, number])[] = [
    ['/v3/kv/range', {}, 400, 3],
    ['/v3/kv/range', '{', 400, 3],
    ['/v3/kv/range', { key: base64('a'), revision: '100' }, 400, 11],
    ['/v3/lease/revoke', { ID: '77' }, 404, 5],
    ['/v3/lease/grant', { ID: '1', TTL: '9000000001' }, 400, 11],
    ['/v3/maintenance/downgrade', { action: 'CANCEL' }, 400, 9],
    ['/v3/election/proclaim', {}, 500, 2],
    ['/v3/no/such', {}, 404, 5],
    ['/v3/kv', {}, 404, 5],
    ['/v3/kv/put', { key: base64('k'), value: 'A'.repeat(2_900_000) }, 429, 8],
  ];
  for (const [path, body, status, code] of rows) {
    const answer = await post(path, body);
    t.equal(answer.status, status, path);
    const { error, message } = answer.json as { error: string; message: string };
    t.match(answer.json, { code }, path);
    t.equal(error, message);
  }
  const get = await fetch(`${endpoint}/v3/kv/range`);
  t.equal(get.status, 501);
  t.match(await get.json(), { code: 12, message: 'Method Not Allowed' });
});

t.test('a watch goes on for as long as the client stays', async (t) => {
  const { post, endpoint, rpc } = await open(t);
  await post('/v3/kv/put', { key: base64('k'), value: base64('1') });
  const give = new AbortController();
  const response = await fetch(`${endpoint}/v3/watch`, {
    method: 'POST',
    body: JSON.stringify({ create_request: { key: base64('k'), start_revision: '2' } }),
    signal: give.signal,
  });
  const lines = linesOf(response);
  const next = async () => (await lines.next()).value!;
  t.match((await next()).result, { created: true });
  t.match((await next()).result, { events: [{ kv: { value: base64('1') } }] });
  await post('/v3/kv/deleterange', { key: base64('k') });
  t.match((await next()).result, { events: [{ type: 'DELETE', kv: { mod_revision: '3' } }] });
  give.abort();
  await t.rejects(lines.next());
  const watches = () => rpc.counts().find(({ method }) => method.name === 'Watch')!;
  await until('the call has ended', () => watches().ended.some((count) => count > 0));
});

t.test('a stream of requests is answered one by one, and fails with what is wrong', async (t) => {
  const { post, port } = await open(t);
  await post('/v3/lease/grant', { ID: '5', TTL: '100' });
  const call = request({ port, path: '/v3/lease/keepalive', method: 'POST' });
  const text = { value: '', status: 0 };
  call.on('response', (response) => {
    text.status = response.statusCode ?? 0;
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text.value += chunk;
    });
  });
  call.write('{"ID":"5"}');
  await until('the first is answered', () => text.value.split('\n').length === 2);
  call.write('{"ID":"6"}\n{"ID":');
  await until('the second is answered', () => text.value.split('\n').length === 3);
  call.end('"x"}');
  await until('the third is refused', () => text.value.split('\n').length === 4);
  const [first, second, third] = text.value
    .split('\n')
    .slice(0, 3)
    .map((line) => JSON.parse(line));
  t.equal(text.status, 200);
  t.match(first, { result: { ID: '5', TTL: '100' } });
  t.same(second.result.TTL, undefined, 'an unknown lease has no time');
  t.match(third, { error: { grpc_code: 3, code: 3, http_code: 400, http_status: 'Bad Request' } });
});

t.test('a snapshot comes line by line', async (t) => {
  const { endpoint } = await open(t);
  const response = await fetch(`${endpoint}/v3/maintenance/snapshot`, {
    method: 'POST',
    body: '{}',
  });
  const blobs: string[] = [];
  for await (const { result } of linesOf(response)) blobs.push(String(result.blob));
  const file = Buffer.concat(blobs.map((blob) => Buffer.from(blob, 'base64')));
  t.equal(file.length % 512, 32, 'pages, and a digest');
});

t.test('metadata and time limits of a call are header fields', async (t) => {
  const { post, rig } = await open(t);
  const rangeOf = (headers: Record<string, string>) =>
    post('/v3/kv/range', { key: base64('k') }, headers);
  t.match((await rangeOf({ 'grpc-timeout': 'soon' })).json, { code: 3, message: /grpc-timeout/ });
  t.equal((await rangeOf({ 'grpc-timeout': '60S' })).status, 200);
  rig.raftOverride = { leader: 0n as never };
  t.match((await rangeOf({ 'Grpc-Metadata-hasleader': 'true' })).json, { code: 14 });
});

t.test('who waits for a slot is served when one is free', async (t) => {
  const { post, endpoint } = await open(t, { callsMax: 2 });
  const watch = async () => {
    const give = new AbortController();
    const body = JSON.stringify({ create_request: { key: base64('k') } });
    const response = await fetch(`${endpoint}/v3/watch`, {
      method: 'POST',
      body,
      signal: give.signal,
    });
    await linesOf(response).next();
    return give;
  };
  const [first] = [await watch(), await watch()];
  let isAnswered = false;
  const range = post('/v3/kv/range', { key: base64('k') }).then((answer) => {
    isAnswered = true;
    return answer;
  });
  const gone = new AbortController();
  const abandoned = fetch(`${endpoint}/v3/kv/range`, {
    method: 'POST',
    body: '{}',
    signal: gone.signal,
  });
  t.equal((await fetch(`${endpoint}/version`)).status, 200, 'what is no call does not wait');
  t.notOk(isAnswered);
  gone.abort();
  await t.rejects(abandoned);
  first.abort();
  t.equal((await range).status, 200);
});

t.test('bodies that are too large or too slow are refused', async (t) => {
  const { post } = await open(t, { bodyBytesMax: 1000 });
  t.match((await post('/v3/kv/put', { key: 'A'.repeat(2000) })).json, { code: 8 });
  const slow = await open(t, { timeMsMax: 20 });
  const answer = await new Promise<number>((resolve, reject) => {
    const call = request({ port: slow.port, path: '/v3/kv/put', method: 'POST' }, (response) => {
      resolve(response.statusCode ?? 0);
      response.resume();
      call.destroy();
    });
    call.on('error', reject);
    call.write('{"key":');
  });
  t.equal(answer, 504);
});

t.test('a page may use the API when its origin is allowed', async (t) => {
  const origins = new Set(['http://good.example']);
  const { endpoint } = await open(t, { access: { origins, hosts: new Set(['*']) } });
  const allowed = async (origin: string, method = 'POST') => {
    const headers = { origin, 'content-type': 'text/plain' };
    const body = method === 'POST' ? { body: '{}' } : {};
    const response = await fetch(`${endpoint}/v3/kv/range`, { method, headers, ...body });
    await response.text();
    return [response.status, response.headers.get('access-control-allow-origin')];
  };
  t.same(await allowed('http://good.example'), [400, 'http://good.example']);
  t.same(await allowed('http://good.example', 'OPTIONS'), [200, 'http://good.example']);
  t.same(await allowed('http://bad.example'), [400, null]);
});

t.test('a host that is not allowed is answered 421', async (t) => {
  const hosts = new Set(['localhost']);
  const { port } = await open(t, { access: { origins: new Set(['*']), hosts } });
  const statusFor = async (host: string) => (await fetch(`http://${host}:${port}/version`)).status;
  t.equal(await statusFor('127.0.0.1'), 421);
  t.equal(await statusFor('localhost'), 200);
});

t.test('who is known by a certificate is not served as somebody else', async (t) => {
  const tls = { ...testTls, clientCa: ca, clientCertAuth: true };
  const statusAt = async (port: number, path: string) => {
    const certified = { ca, cert: clientCert, key: clientKey };
    const call = httpsRequest({ port, host: '127.0.0.1', path, method: 'POST', ...certified });
    call.end('{}');
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    response.resume();
    await once(response, 'end');
    return response.statusCode;
  };
  const { port } = await open(t, { tls, namesUsers: true });
  t.equal(await statusAt(port, '/v3/cluster/member/list'), 400);
  t.equal(await statusAt(port, '/version'), 405, 'other paths do not ask who it is');
  const plain = await open(t, { tls });
  t.equal(await statusAt(plain.port, '/v3/cluster/member/list'), 200);
});
