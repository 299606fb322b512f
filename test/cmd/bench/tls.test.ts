import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { plans } from '../../../src/cmd/bench/flags.js';
import { seriesOf } from '../../../src/cmd/bench/report.js';
import { runLoad } from '../../../src/cmd/bench/run-load.js';
import { toSpec } from '../../../src/cmd/bench/settings.js';
import { staticFlags } from '../../e2e/cluster.js';
import { Member } from '../../e2e/member.js';
import { freePorts } from '../../e2e/ports.js';
import { ca, clientCert, clientKey, serverCert, serverKey } from '../../rpc/certificates.js';

t.test('flotilla bench: over TLS, with a client certificate, and not without', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-bench-test-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const file = async (name: string, text: string) => {
    await writeFile(join(dir, name), text);
    return join(dir, name);
  };
  const [cacert, cert, key] = await Promise.all([
    file('ca', ca),
    file('client-cert', clientCert),
    file('client-key', clientKey),
  ]);
  const [clientPort, peerPort] = await freePorts(2);
  const spec = {
    kind: 'flotilla',
    name: 'm0',
    clientUrl: `https://127.0.0.1:${clientPort}`,
    peerUrl: `http://127.0.0.1:${peerPort}`,
    dataDir: join(dir, 'data'),
  } as const;
  const member = new Member({
    ...spec,
    flags: [
      ...staticFlags({ ...spec, initialCluster: `m0=${spec.peerUrl}` }),
      ...['--cert-file', await file('server-cert', serverCert)],
      ...['--key-file', await file('server-key', serverKey)],
      ...['--trusted-ca-file', cacert, '--client-cert-auth'],
    ],
  });
  member.start();
  t.teardown(() => member.kill());
  await member.ready();
  const put = plans.find(({ name }) => name === 'put')!;
  const common = { endpoints: member.endpoint, total: '40', clients: '4', conns: '2' };
  const report = await runLoad(toSpec(put, { ...common, cacert, cert, key }));
  t.equal(seriesOf(report, 'put').completed, 40);
  t.equal(report.load.isTls, true);
  t.notMatch(JSON.stringify(report), /PRIVATE KEY/);
  const channel = 'grpc-js';
  const other = await runLoad(toSpec(put, { ...common, channel, cacert, cert, key }));
  t.equal(seriesOf(other, 'put').completed, 40);
  await t.rejects(runLoad(toSpec(put, { ...common, cacert })), { message: /^cannot reach https:/ });
});
