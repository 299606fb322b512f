import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { startTestEnv } from '../../../src/cmd/testenv/index.js';
import { resources } from '../../../src/control/client/index.js';
import { StatusError } from '../../../src/control/machinery/status.js';
import { until } from '../../client/until.js';
import { flotillaBin, needs } from '../../e2e/project.js';

const run = promisify(execFile);

/** A name server as a process, and what it listens on. */
async function startDns(t: Test, flags: readonly string[]): Promise<number> {
  const child = spawn(
    process.execPath,
    [flotillaBin, 'dns', '--dns-port=0', '--secure-port=0', '--upstream=none', ...flags],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const exited = new Promise((resolve) => child.once('exit', resolve));
  t.teardown(() => {
    child.kill('SIGTERM');
    return exited;
  });
  const lines: string[] = [];
  createInterface(child.stderr).on('line', (line) => lines.push(line));
  const address = await until('it answers', () => {
    if (child.exitCode !== null) throw new Error(lines.join('\n'));
    return /"address":"127\.0\.0\.1:(\d+)"/.exec(lines.join('\n'))?.[1];
  });
  return Number(address);
}

t.test('flotilla dns answers dig for what the API server has', needs('dig'), async (t) => {
  const env = await startTestEnv();
  t.teardown(() => env.close());
  const port = await startDns(t, [
    `--kubeconfig=${env.kubeconfig}`,
    '--service-cluster-ip=10.0.0.10',
  ]);
  const dig = async (...words: string[]) => {
    const { stdout } = await run('dig', ['@127.0.0.1', '-p', `${port}`, '+time=20', ...words]);
    return stdout.trim();
  };
  const metadata = { name: 'web', namespace: 'default' };
  const { spec } = await env.client.objects(resources.services).create({
    metadata,
    spec: { ports: [{ name: 'http', port: 80 }] },
  });
  await env.client.objects(resources.services).create({
    metadata: { name: 'many', namespace: 'default' },
    spec: { clusterIP: 'None', ports: [{ name: 'http', port: 80 }] },
  });
  const endpoints = Array.from({ length: 100 }, (_, i) => ({ addresses: [`10.1.0.${i}`] }));
  await env.client.objects(resources.endpointSlices).create({
    metadata: {
      ...{ name: 'many-1', namespace: 'default' },
      labels: { 'kubernetes.io/service-name': 'many' },
    },
    ...{ addressType: 'IPv4', endpoints, ports: [{ name: 'http', port: 80 }] },
  });
  const name = 'web.default.svc.cluster.local';
  await until('the service is known', async () => (await dig('+short', name)) === spec?.clusterIP);
  t.equal(await dig('+short', 'SRV', `_http._tcp.${name}`), `0 100 80 ${name}.`);
  t.equal(await dig('+short', '-x', spec?.clusterIP ?? ''), `${name}.`);
  const many = 'many.default.svc.cluster.local';
  await until('all endpoints, over TCP when they do not fit', async () => {
    return (await dig('+short', many)).split('\n').length === 100;
  });
  t.match(await dig('+notcp', '+ignore', many), /flags:[^;]* tc/);
  t.match(await dig('missing.default.svc.cluster.local'), /status: NXDOMAIN/);
  t.match(await dig('AAAA', name), /status: NOERROR[\s\S]*SOA/);

  await until(
    'it knows its own service',
    async () => (await dig('+short', 'kube-dns.kube-system.svc.cluster.local')) === '10.0.0.10',
  );
  const slice = await until('it has its slice', () =>
    env.client
      .objects(resources.endpointSlices)
      .get({ namespace: 'kube-system', name: 'kube-dns-flotilla' })
      .catch((error: unknown) => {
        if (error instanceof StatusError && error.reason === 'NotFound') return null;
        throw error;
      }),
  );
  t.equal(slice.ports?.[0]?.port, port);
  t.equal(slice.endpoints?.length ?? 0, 0, 'a server that others cannot reach is no endpoint');

  await env.client.objects(resources.services).delete(metadata);
  await until('a service that is gone has no name', async () =>
    /status: NXDOMAIN/.test(await dig(name)),
  );
});

const refusals: readonly (readonly [flag: string, text: RegExp])[] = [
  ['--cluster-domain=a..b', /--cluster-domain: "a..b" is no domain/],
  ['--pod-names=some', /--pod-names: "some" is none of/],
  ['--dns-bind-address=localhost', /--dns-bind-address: "localhost" is no IP address/],
  ['--upstream=dns.example', /--upstream: "dns.example" is no address/],
  ['--ttl=4000', /--ttl: give 0 to 3600/],
];
for (const [flag, text] of refusals) {
  t.test(`flotilla dns refuses ${flag} and says why`, async (t) => {
    const ended = run(process.execPath, [flotillaBin, 'dns', flag]);
    const error = await ended.then(
      () => null,
      (error: { code: number; stderr: string }) => error,
    );
    t.equal(error?.code, 2);
    t.match(error?.stderr, text);
  });
}
