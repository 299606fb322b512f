import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import t from 'tap';
import { parseApiserverFlags } from '../../../src/cmd/apiserver/parse.js';
import { makeSelfSigned } from '../../../src/cmd/apiserver/self-signed.js';
import { listenerTls } from '../../../src/cmd/apiserver/tls.js';
import { until } from '../../client/until.js';
import { startApi } from '../../control/apiserver/server/api-rig.js';

const certificate = { cert: 'cert', key: 'key' };

t.test('listenerTls names the authorities of clients and of proxies in front', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-tls-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const clients = join(dir, 'clients.crt');
  const proxies = join(dir, 'proxies.crt');
  await Promise.all([writeFile(clients, 'CLIENTS'), writeFile(proxies, 'PROXIES')]);
  const clientFlag = `--client-ca-file=${clients}`;
  const proxyFlag = `--requestheader-client-ca-file=${proxies}`;
  for (const [argv, clientCa] of [
    [[], null],
    [[clientFlag], 'CLIENTS'],
    [[proxyFlag], 'PROXIES'],
    [[clientFlag, proxyFlag], 'CLIENTS\nPROXIES'],
  ] as const) {
    const tls = await listenerTls(parseApiserverFlags([...argv]), certificate);
    t.equal(tls.clientCa, clientCa);
    t.equal(tls.clientCertAuth, false, 'a client without a certificate may have a token');
    t.equal(tls.isClientCertUnverified, true);
  }
});

t.test('startApiServer takes certificates that are replaced into use', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-tls-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const [certFile, keyFile] = [join(dir, 'own.crt'), join(dir, 'own.key')];
  const [namedCert, namedKey] = [join(dir, 'named.crt'), join(dir, 'named.key')];
  const [first, second, third, fourth] = await Promise.all(
    ['one', 'two', 'three', 'four'].map((name) => makeSelfSigned(['localhost', name], Date.now())),
  );
  const write = (paths: readonly string[], made: { cert: string; key: string } | undefined) =>
    Promise.all([made?.cert, made?.key].map((text, at) => writeFile(paths[at]!, text ?? '')));
  await Promise.all([write([certFile, keyFile], first), write([namedCert, namedKey], third)]);
  const { running } = await startApi(t, [
    `--tls-cert-file=${certFile}`,
    `--tls-private-key-file=${keyFile}`,
    `--tls-sni-cert-key=${namedCert},${namedKey}:named.example`,
  ]);
  const shown = async (servername: string) => {
    const options = { host: '127.0.0.1', port: running.port, servername };
    const socket = tls.connect({ ...options, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const { raw } = socket.getPeerCertificate();
    socket.destroy();
    return raw.toString('base64');
  };
  const der = (made: { cert: string } | undefined) =>
    new X509Certificate(made?.cert ?? '').raw.toString('base64');
  t.equal(await shown('localhost'), der(first));
  t.equal(await shown('named.example'), der(third));

  await write([certFile, keyFile], second);
  await until('the other certificate', async () => (await shown('localhost')) === der(second));
  t.equal(await shown('named.example'), der(third), 'that by name is as it was');

  await write([namedCert, namedKey], fourth);
  await until('the other by name', async () => (await shown('named.example')) === der(fourth));
  t.equal(await shown('localhost'), der(second));
});
