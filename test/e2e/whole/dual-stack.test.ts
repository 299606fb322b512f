/** `flotilla up --ip-families IPv4,IPv6`: nodes, pods and services have addresses of both. */
import t from 'tap';
import { until } from '../../client/until.js';
import { isOnPath, skipBecause } from '../project.js';
import { textOf } from './noticeboard.js';
import { tracesOf } from './traces.js';
import { deadlineMs, kubectl, WholeCluster } from './whole-cluster.js';

const missing = ['ip', 'nft', 'unshare', 'nsenter', 'busybox'].filter((name) => !isOnPath(name));
const why =
  (process.geteuid?.() !== 0 && 'this process is not root') ||
  (missing.length > 0 && `not on this machine: ${missing.join(', ')}`) ||
  (kubectl === null && 'no kubectl');

const image = 'flotilla.local/base:1';
const serve = 'mkdir /tmp/w; hostname >/tmp/w/index.html; exec httpd -f -p 8080 -h /tmp/w';
const manifest = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    ...['one', 'two'].map((name, at) => ({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: name } } },
      spec: {
        terminationGracePeriodSeconds: 1,
        nodeSelector: { 'kubernetes.io/hostname': `node-${at + 1}` },
        containers: [{ name: 'web', image, command: ['sh', '-c', serve] }],
      },
    })),
    {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'two' } },
      spec: {
        ...{ type: 'NodePort', ipFamilyPolicy: 'RequireDualStack', selector: { app: 'two' } },
        ports: [{ port: 80, targetPort: 8080 }],
      },
    },
    {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'two-bare' } },
      spec: {
        ...{ clusterIP: 'None', ipFamilies: ['IPv6'], selector: { app: 'two' } },
        ports: [{ port: 8080 }],
      },
    },
  ],
};

t.test('up --ip-families IPv4,IPv6', skipBecause(why), async (t) => {
  const cluster = await WholeCluster.forTest(t, {
    args: ['--nodes', '2', '--ip-families', 'IPv4,IPv6'],
  });
  const read = async (path: string, ...what: readonly string[]) =>
    (await cluster.kubectl('get', ...what, '-o', `jsonpath=${path}`)).split(' ');
  await cluster.apply(manifest);
  await cluster.kubectl(
    ...['wait', '--for=condition=Ready', 'pod', '--all', `--timeout=${deadlineMs / 1000}s`],
  );
  const inOne = (...command: readonly string[]) =>
    cluster.untilShown(/two/, 'exec', 'one', '--', ...command);
  const addresses = await read('{.status.podIPs[*].ip}', 'pod', 'two');
  const services = await read('{.spec.clusterIPs[*]}', 'service', 'two');
  const internal = '{.status.addresses[?(@.type=="InternalIP")].address}';
  const nodes = await read(internal, 'node', 'node-1');
  const [nodePort] = await read('{.spec.ports[0].nodePort}', 'service', 'two');

  for (const [what, list] of Object.entries({ addresses, services, nodes })) {
    t.match(list[0], /^\d+\./, `${what}: IPv4 first`);
    t.match(list[1], /^fd.*:/, `${what}: then IPv6`);
    t.equal(list.length, 2);
  }
  for (const address of addresses)
    t.equal(await inOne('wget', '-q', '-O-', `http://${inUrl(address)}:8080/`), 'two\n', address);
  for (const address of services)
    t.equal(await inOne('wget', '-q', '-O-', `http://${inUrl(address)}/`), 'two\n', address);
  const names = await inOne('nslookup', '-type=aaaa', 'two.default.svc.cluster.local');
  t.match(names, services[1]);
  const bare = await inOne('nslookup', '-type=aaaa', 'two-bare.default.svc.cluster.local');
  t.match(bare, addresses[1]);

  const urls = [
    ...addresses.map((address) => `http://${inUrl(address)}:8080/`),
    ...services.map((address) => `http://${inUrl(address)}/`),
    ...nodes.map((address) => `http://${inUrl(address)}:${nodePort}/`),
  ];
  for (const url of urls) {
    const answers = () => textOf(fetch(url, { signal: AbortSignal.timeout(deadlineMs) }));
    await until(`an answer from ${url}`, async () => (await answers()) === 'two\n', deadlineMs);
    t.pass(`the machine reaches ${url}`);
  }

  t.equal(await cluster.stop(), 0);
  t.same(await tracesOf(cluster.dir), []);
});

function inUrl(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
