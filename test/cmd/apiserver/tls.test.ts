import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { parseApiserverFlags } from '../../../src/cmd/apiserver/parse.js';
import { listenerTls } from '../../../src/cmd/apiserver/tls.js';

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
