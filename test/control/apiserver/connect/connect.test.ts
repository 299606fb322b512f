import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import t, { type Test } from 'tap';
import WebSocket, { WebSocketServer } from 'ws';
import { makeCertificate } from '../../../../src/host/certificate-maker.js';
import { type ApiRig, startApi } from '../server/api-rig.js';

/** A kubelet's HTTPS port: says what it was asked, echoes streams. */
async function startKubelet(t: Test) {
  const validity = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 600_000 };
  const ca = await makeCertificate({ commonName: 'ca', use: 'authority', ...validity });
  const serving = await makeCertificate(
    { commonName: 'kubelet', names: ['127.0.0.1'], use: 'server', ...validity },
    ca,
  );
  const client = await makeCertificate({ commonName: 'apiserver', use: 'client', ...validity }, ca);
  const asked: string[] = [];
  const note = (request: IncomingMessage) => {
    const peer = (request.socket as TLSSocket).getPeerCertificate().subject?.CN;
    asked.push(`${request.method} ${request.url} as ${peer}`);
    return request.headers.authorization === undefined;
  };
  const server = https.createServer(
    { cert: serving.cert, key: serving.key, ca: ca.cert, requestCert: true },
    async (request, response) => {
      t.ok(note(request), 'the token of the user stays at the API server');
      if (request.url?.includes('/broken')) response.writeHead(500).end('no such log');
      else if (request.url?.includes('/refused')) response.writeHead(400).end('not yet');
      else response.end(`hello ${request.headers['x-forwarded-uri'] ?? ''}`);
    },
  );
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: () => 'v5.channel.k8s.io',
  });
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    note(request);
    if (request.headers.upgrade === 'SPDY/3.1') {
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: SPDY/3.1\r\n\r\nfirst ',
      );
      socket.pipe(socket);
      return;
    }
    if (request.url?.includes('nothere')) {
      socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 7\r\n\r\nmissing');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (ws) => {
      ws.on('message', (data: Buffer) => ws.send(Buffer.concat([Buffer.from('echo '), data])));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  t.teardown(() => server.closeAllConnections());
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-kubelet-'));
  t.teardown(() => rm(dir, { recursive: true }));
  await writeFile(join(dir, 'ca'), ca.cert);
  await writeFile(join(dir, 'cert'), client.cert);
  await writeFile(join(dir, 'key'), client.key);
  const flags = [
    `--kubelet-certificate-authority=${dir}/ca`,
    `--kubelet-client-certificate=${dir}/cert`,
    `--kubelet-client-key=${dir}/key`,
    '--disable-admission-plugins=ServiceAccount',
  ];
  return { port: (server.address() as AddressInfo).port, asked, flags };
}

const pods = '/api/v1/namespaces/default/pods';
const ofStatus = { 'content-type': 'application/merge-patch+json' };

async function addNode(api: ApiRig, name: string, port: number, address = '127.0.0.1') {
  await api.ask('POST', '/api/v1/nodes', { body: { metadata: { name } } });
  const status = {
    addresses: [{ type: 'InternalIP', address }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
  };
  const answer = await api.ask('PATCH', `/api/v1/nodes/${name}/status`, {
    body: { status },
    headers: ofStatus,
  });
  if (answer.status !== 200) throw new Error(answer.text);
}

async function addPod(api: ApiRig, name: string, containers: string[], node?: string) {
  const spec = {
    containers: containers.map((one) => ({ name: one, image: 'i:1' })),
    ...(node === undefined ? {} : { nodeName: node }),
  };
  const answer = await api.ask('POST', pods, { body: { metadata: { name }, spec } });
  if (answer.status !== 201) throw new Error(answer.text);
}

/** Opens a WebSocket through the API server; resolves with its first message after `send`, or the refusal. */
function talk(api: ApiRig, path: string, user = 'admin'): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(
      `${api.running.url.replace('https', 'wss')}${path}`,
      ['v5.channel.k8s.io'],
      { ca: api.running.certificate, headers: { authorization: `Bearer ${user}` } },
    );
    socket.on('open', () => socket.send('hi'));
    socket.on('message', (data) => {
      resolve(`${socket.protocol}: ${String(data)}`);
      socket.terminate();
    });
    socket.on('unexpected-response', (_request, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(`${response.statusCode} ${Buffer.concat(chunks)}`));
    });
    socket.on('error', reject);
  });
}

/** A WebSocket's name for a token, which no server may answer with. */
const secretProtocol = `base64url.bearer.authorization.k8s.io.${Buffer.from('other').toString('base64url')}`;

/** All messages of a WebSocket with the protocol and kind of each, and how it ends; or the refusal. After `countMax` of them it is closed. */
function messages(
  api: ApiRig,
  path: string,
  protocols: readonly string[],
  {
    headers = {},
    countMax = Number.POSITIVE_INFINITY,
  }: { readonly headers?: Readonly<Record<string, string>>; readonly countMax?: number } = {},
): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const seen: string[] = [];
    const socket = new WebSocket(
      `${api.running.url.replace('https', 'wss')}${path}`,
      [...protocols],
      { ca: api.running.certificate, headers: { ...headers, authorization: 'Bearer admin' } },
    );
    socket.on('message', (data, isBinary) => {
      seen.push(`${socket.protocol}: ${isBinary ? 'binary' : 'text'} ${String(data)}`);
      if (seen.length === countMax) socket.close(1000);
    });
    socket.on('close', (code) => resolve([...seen, `closed ${code}`]));
    socket.on('unexpected-response', (_request, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve([`${response.statusCode} ${Buffer.concat(chunks)}`]));
    });
    socket.on('error', reject);
  });
}

t.test('the streams and logs of pods', async (t) => {
  const kubelet = await startKubelet(t);
  const api = await startApi(t, kubelet.flags);
  await addNode(api, 'n1', kubelet.port);
  await addPod(api, 'one', ['c'], 'n1');
  await addPod(api, 'two', ['a', 'b'], 'n1');
  await addPod(api, 'waiting', ['c']);
  await addPod(api, 'lost', ['c'], 'gone');

  t.test('logs come from the kubelet, with its own names of the options', async (t) => {
    const query =
      'follow=true&tailLines=5&timestamps=1&previous=false&limitBytes=10&sinceSeconds=3';
    const { status, text, headers } = await api.ask('GET', `${pods}/one/log?${query}`);
    t.equal(status, 200);
    t.equal(text, 'hello ');
    t.equal(headers['content-type'], 'text/plain');
    t.equal(
      kubelet.asked.at(-1),
      'GET /containerLogs/default/one/c?follow=true&timestamps=true&sinceSeconds=3&tailLines=5&limitBytes=10 as apiserver',
    );
    t.equal((await api.ask('GET', `${pods}/waiting/log`)).status, 204);
  });

  t.test('logs come in messages to who asks for a WebSocket', async (t) => {
    const rows: readonly [string[], string[]][] = [
      [[], [': binary ', ': binary hello ']],
      [['binary.k8s.io'], ['binary.k8s.io: binary ', 'binary.k8s.io: binary hello ']],
      [
        ['x', 'base64.binary.k8s.io'],
        ['base64.binary.k8s.io: text ', 'base64.binary.k8s.io: text aGVsbG8g'],
      ],
    ];
    for (const [protocols, expected] of rows) {
      t.same(await messages(api, `${pods}/one/log`, protocols), [...expected, 'closed 1000']);
    }
    t.match(await messages(api, `${pods}/one/log`, ['x']), [/^400 .*none of the protocols \[x\]/]);
    t.match(await messages(api, `${pods}/absent/log`, []), [/^404 .*pods \\"absent\\" not found/]);
  });

  t.test('watches come in messages to who asks for a WebSocket, each event in one', async (t) => {
    const watching = (name: string) => [
      `${pods}?watch=1&fieldSelector=metadata.name%3D${name}`,
      `/api/v1/watch/namespaces/default/pods/${name}?`,
    ];
    const one = { countMax: 1 };
    for (const path of watching('one')) {
      const [first = '', last] = await messages(api, path, ['mine', secretProtocol], one);
      t.match(first, /^mine: text \{"type":"ADDED","object":\{.*"name":"one"/);
      t.equal(last, 'closed 1000');
    }
    for (const path of watching('absent'))
      t.same(await messages(api, `${path}&timeoutSeconds=1`, []), ['closed 1000']);
    const headers = { accept: 'application/vnd.kubernetes.protobuf;stream=watch' };
    const [path = ''] = watching('one');
    const [first = ''] = await messages(api, path, [], { headers, ...one });
    t.ok(first.startsWith(': binary \n\u0005ADDED'), first);
    t.match(await messages(api, `${pods}?watch=1&labelSelector=%21%21`, []), [/^400 /]);
    t.match(await messages(api, pods, []), [/^200 /], 'a list has no messages');
  });

  t.test('logs are refused in the words of Kubernetes', async (t) => {
    const cases: readonly [string, number, string][] = [
      ['two/log', 400, 'a container name must be specified for pod two, choose one of: [a b]'],
      ['two/log?container=x', 400, 'container x is not valid for pod two'],
      ['absent/log', 404, 'pods "absent" not found'],
      ['lost/log', 404, 'nodes "gone" not found'],
      [
        'one/log?tailLines=-1',
        422,
        'PodLogOptions "one" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
      ],
      ['one/log?tailLines=x', 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
    ];
    for (const [path, status, message] of cases) {
      const answer = await api.ask('GET', `${pods}/${path}`);
      t.equal(answer.status, status, path);
      t.equal(answer.json.message, message);
    }
    t.equal((await api.ask('PUT', `${pods}/one/log`, { body: {} })).status, 405);
  });

  t.test('what a kubelet refuses is handed on', async (t) => {
    await addPod(api, 'broken', ['c'], 'n1');
    await addPod(api, 'refused', ['c'], 'n1');
    const broken = await api.ask('GET', `${pods}/broken/log`);
    t.equal(broken.status, 500);
    t.equal(broken.json.message, 'Internal error occurred: no such log');
    const refused = await api.ask('GET', `${pods}/refused/log`);
    t.equal(refused.status, 400);
    t.equal(refused.json.message, 'not yet');
  });

  t.test('exec passes WebSockets through', async (t) => {
    const path = `${pods}/one/exec?command=sh&command=-c&command=a%20b&stdin=true&stdout=true&tty=false`;
    t.equal(await talk(api, path), 'v5.channel.k8s.io: echo hi');
    t.equal(
      kubelet.asked.at(-1),
      'GET /exec/default/one/c?input=1&output=1&command=sh&command=-c&command=a+b as apiserver',
    );
    t.equal(await talk(api, `${pods}/two/attach?container=b`), 'v5.channel.k8s.io: echo hi');
    t.match(kubelet.asked.at(-1), '/attach/default/two/b');
    t.equal(await talk(api, `${pods}/one/portforward?ports=80`), 'v5.channel.k8s.io: echo hi');
    t.match(kubelet.asked.at(-1), '/portForward/default/one?port=80');
  });

  t.test('streams that cannot be are refused', async (t) => {
    const cases: readonly [string, RegExp][] = [
      [`${pods}/waiting/exec?command=x`, /^400 .*pod waiting does not have a host assigned/],
      [`${pods}/two/exec?command=x`, /^400 .*choose one of: \[a b\]/],
      [`${pods}/absent/exec?command=x`, /^404 .*pods \\"absent\\" not found/],
    ];
    for (const [path, expected] of cases) t.match(await talk(api, path), expected);
    const plain = await api.ask('POST', `${pods}/one/exec?command=x`);
    t.equal(plain.status, 400);
    t.equal(plain.json.message, 'Upgrade request required');
    await addPod(api, 'nothere', ['c'], 'n1');
    t.equal(await talk(api, `${pods}/nothere/exec?command=x`), '404 missing');
    await addNode(api, 'down', 1);
    await addPod(api, 'unreached', ['c'], 'down');
    t.match(
      await talk(api, `${pods}/unreached/exec?command=x`),
      /^500 .*error dialing backend: dial tcp 127\.0\.0\.1:1: connect: connection refused/,
    );
    t.match(await talk(api, `${pods}/one/exec?command=x`, 'nobody'), /^401 /);
  });

  t.test('exec passes SPDY through, by POST', async (t) => {
    const text = await new Promise<string>((resolve, reject) => {
      const request = https.request(`${api.running.url}${pods}/one/exec?command=x&stdin=1`, {
        method: 'POST',
        ca: api.running.certificate,
        headers: { connection: 'Upgrade', upgrade: 'SPDY/3.1', authorization: 'Bearer admin' },
      });
      request.on('upgrade', (response, socket, head) => {
        let text = `${response.statusCode} ${response.headers.upgrade}: ${head.toString()}`;
        socket.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          if (text.endsWith('there')) socket.destroy();
        });
        socket.on('close', () => resolve(text));
        socket.write('there');
      });
      request.on('error', reject);
      request.end();
    });
    t.equal(text, '101 SPDY/3.1: first there');
  });

  t.test('the proxy of a node leads to its kubelet', async (t) => {
    const { status, text } = await api.ask('GET', '/api/v1/nodes/n1/proxy/metrics?a=b');
    t.equal(status, 200);
    t.equal(text, 'hello /api/v1/nodes/n1/proxy/metrics');
    t.equal(kubelet.asked.at(-1), 'GET /metrics?a=b as apiserver');
    t.equal((await api.ask('GET', '/api/v1/nodes/absent/proxy/')).status, 404);
  });
});

const page = '<a href="/a">a</a><script>"<a href=/b>"</script><!-- <a href="/c"> --><a href="d">';

t.test('the proxies of pods and services', async (t) => {
  const api = await startApi(t, ['--disable-admission-plugins=ServiceAccount']);
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (request.url === '/away') response.writeHead(302, { location: '/to?x=1#y' }).end();
    else if (request.url === '/page') response.setHeader('content-type', 'text/html').end(page);
    else response.end(`${request.method} ${request.url} ${Buffer.concat(chunks)}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  t.teardown(() => server.closeAllConnections());
  const { port } = server.address() as AddressInfo;
  await addPod(api, 'p', ['c']);
  await api.ask('PATCH', `${pods}/p/status`, {
    body: { status: { podIP: '127.0.0.1' } },
    headers: ofStatus,
  });
  const services = '/api/v1/namespaces/default/services';
  for (const name of ['s', 'empty']) {
    const spec = { ports: [{ name: 'web', port: 80 }] };
    await api.ask('POST', services, { body: { metadata: { name }, spec } });
  }
  const endpoints = '/api/v1/namespaces/default/endpoints';
  await api.ask('POST', endpoints, {
    body: {
      metadata: { name: 's' },
      subsets: [{ addresses: [{ ip: '10.1.2.3' }], ports: [{ name: 'web', port }] }],
    },
  });
  await api.ask('POST', endpoints, { body: { metadata: { name: 'empty' } } });

  t.test('every method, path and body comes through', async (t) => {
    const base = `${pods}/p:${port}/proxy`;
    t.equal((await api.ask('GET', `${base}/a%20b/c?d=%2F`)).text, 'GET /a%20b/c?d=%2F ');
    t.equal((await api.ask('POST', `${base}/x`, { body: 'text' })).text, 'POST /x text');
    t.equal((await api.ask('DELETE', `${base}/x/`)).text, 'DELETE /x/ ');
    const bare = await api.ask('GET', `${base}?q=1`);
    t.equal(bare.status, 301);
    t.equal(bare.headers.location, `${base}/?q=1`);
    const shown = await api.ask('GET', `${base}/page`);
    t.equal(shown.text, page.replace('"/a"', `"${base}/a"`), 'its links stay behind the proxy');
    const moved = await api.ask('GET', `${base}/away`);
    t.equal(moved.headers.location, `${base}/to?x=1#y`);
  });

  t.test('what cannot be reached is said', async (t) => {
    const cases: readonly [string, number, RegExp][] = [
      [
        `${pods}/p:1/proxy/`,
        503,
        /^error trying to reach service: dial tcp 127.0.0.1:1: connect: /,
      ],
      [`${pods}/ftp:p:1/proxy/`, 400, /invalid pod request \\"ftp:p:1\\"/],
      [`${services}/empty:web/proxy/`, 503, /no endpoints available for service \\"empty\\"/],
      [`${services}/s:81/proxy/`, 503, /no service port 81 found for service \\"s\\"/],
      [`${services}/absent/proxy/`, 404, /services \\"absent\\" not found/],
    ];
    for (const [path, status, expected] of cases) {
      const answer = await api.ask('GET', path);
      t.equal(answer.status, status, path);
      t.match(answer.text, expected);
    }
  });
});
