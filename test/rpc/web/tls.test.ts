import { once } from 'node:events';
import http2 from 'node:http2';
import https from 'node:https';
import tls from 'node:tls';
import t, { type Test } from 'tap';
import { createHttp2Server } from '../../../src/rpc/http2/server.js';
import type { ListenerTls } from '../../../src/rpc/listener-tls.js';
import { cipherNamesOf, cipherSuiteNames } from '../../../src/rpc/tls-ciphers.js';
import type { WebHandler } from '../../../src/rpc/web.js';
import { ca, clientCert, clientKey, serverCert, serverKey } from '../certificates.js';
import { serve, testTls } from '../support.js';
import { readAll } from './clients.js';

/** Tells which certificates it has seen. */
const showPeer: WebHandler = async (request, response) => {
  response.start(200, {});
  response.end(Buffer.from(request.peerCertificates.map((der) => der.length).join()));
};

function open(t: Test, more: Partial<ListenerTls>) {
  const engine = { createServer: createHttp2Server };
  return serve(t, engine, [], { web: showPeer, tls: { ...testTls, ...more } });
}

async function get(endpoint: string, options: https.RequestOptions): Promise<string> {
  const request = https.get(endpoint, { agent: false, ca, ...options });
  const [response] = await once(request, 'response');
  return (await readAll(response)).toString();
}

async function getOverHttp2(t: Test, endpoint: string, options: tls.ConnectionOptions) {
  const session = http2.connect(endpoint, { ca, ...options });
  t.teardown(() => session.destroy());
  return (await readAll(session.request({ ':path': '/' }))).toString();
}

/** The outcome of a handshake. */
async function handshake(port: number, options: tls.ConnectionOptions): Promise<tls.TLSSocket> {
  const socket = tls.connect({ port, host: '127.0.0.1', ca, ...options });
  await once(socket, 'secureConnect');
  return socket;
}

const bytesOf = (pem: string) =>
  Buffer.from(pem.split('\n').slice(1, -2).join(''), 'base64').length;
const leaf = String(bytesOf(clientCert));
/** Clients that know the authority send it along. */
const chain = `${leaf},${bytesOf(ca)}`;

t.test('a handler sees certificates that the listener did not verify', async (t) => {
  const { endpoint } = await open(t, { isClientCertUnverified: true });
  const mine = { cert: clientCert, key: clientKey };
  t.equal(await get(endpoint, mine), chain);
  t.equal(await get(endpoint, { ...mine, ca: [], rejectUnauthorized: false }), leaf);
  t.equal(await get(endpoint, {}), '');
  t.equal(await getOverHttp2(t, endpoint, mine), chain);
  t.equal(await getOverHttp2(t, endpoint, {}), '');
  const known = await open(t, { isClientCertUnverified: true, clientCa: ca });
  t.equal(await get(known.endpoint, mine), chain);
  const unasked = await open(t, {});
  t.equal(await get(unasked.endpoint, mine), '', 'nobody asked for it');
});

t.test('a resumed session still shows the whole chain', async (t) => {
  const { endpoint } = await open(t, { isClientCertUnverified: true });
  const agent = new https.Agent({ ca, cert: clientCert, key: clientKey, keepAlive: false });
  t.teardown(() => agent.destroy());
  let isReused = false;
  const ask = async () => {
    const request = https.get(endpoint, { agent });
    const [response] = await once(request, 'response');
    isReused = (response.socket as tls.TLSSocket).isSessionReused();
    return (await readAll(response)).toString();
  };
  t.equal(await ask(), chain);
  t.equal(await ask(), chain);
  t.equal(isReused, true);
});

t.test('names choose certificates, and others replace them while the listener runs', async (t) => {
  const plain: ListenerTls = { ...testTls, cert: serverCert, key: serverKey };
  const other = { cert: clientCert, key: clientKey };
  const { port, listener } = await open(t, {
    named: [
      { names: ['Exact.example'], ...other },
      { names: ['*.wild.example'], ...other },
    ],
  });
  const nameFor = async (servername: string) => {
    const socket = await handshake(port, { servername, checkServerIdentity: () => undefined });
    const name = socket.getPeerCertificate().subject.CN;
    socket.destroy();
    return name;
  };
  const cases: readonly (readonly [string, string])[] = [
    ['exact.example', 'test client'],
    ['a.wild.example', 'test client'],
    ['a.b.wild.example', 'test server'],
    ['wild.example', 'test server'],
    ['other.example', 'test server'],
  ];
  for (const [name, expected] of cases) t.equal(await nameFor(name), expected, name);
  const before = await handshake(port, {});
  listener.setTls({
    ...plain,
    ...other,
    named: [{ names: ['a.example'], cert: serverCert, key: serverKey }],
  });
  t.equal(await nameFor('exact.example'), 'test client');
  t.equal(await nameFor('a.example'), 'test server');
  t.equal(before.destroyed, false, 'connections stay');
  before.destroy();
  t.throws(() => listener.setTls({ ...plain, key: 'x' }), { code: 'bad-tls' });
  t.throws(() => listener.setTls({ ...plain, named: [{ names: ['b'], cert: 'x', key: 'y' }] }), {
    code: 'bad-tls',
  });
  t.equal(await nameFor('a.example'), 'test server', 'what could not be used changes nothing');
});

t.test('versions and cipher suites are offered as told', async (t) => {
  const only13 = await open(t, { minVersion: 'TLSv1.3' });
  await t.rejects(handshake(only13.port, { maxVersion: 'TLSv1.2' }));
  (await handshake(only13.port, {})).destroy();
  const suite = 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384';
  const one = await open(t, { cipherSuites: [suite] });
  const socket = await handshake(one.port, { maxVersion: 'TLSv1.2' });
  t.equal(socket.getCipher().standardName, suite);
  socket.destroy();
  await t.rejects(
    handshake(one.port, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }),
  );
  await t.rejects(open(t, { cipherSuites: ['TLS_NO_SUCH'] }), { code: 'bad-tls' });
});

t.test('cipherNamesOf knows every suite that it lists as OpenSSL does', (t) => {
  const known = new Set(tls.getCiphers().map((name) => name.toUpperCase()));
  const { names, unknown } = cipherNamesOf(cipherSuiteNames);
  t.strictSame(unknown, []);
  for (const name of names) t.ok(known.has(name.toUpperCase()), name);
  t.strictSame(cipherNamesOf(['x']).unknown, ['x']);
  t.end();
});
