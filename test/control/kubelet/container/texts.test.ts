import t from 'tap';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import { parseResolvConf, podDns } from '../../../../src/control/kubelet/container/dns-config.js';
import { containerEnv } from '../../../../src/control/kubelet/container/env.js';
import { expand } from '../../../../src/control/kubelet/container/expand.js';
import { resourceField } from '../../../../src/control/kubelet/container/fields.js';
import { hostsFile } from '../../../../src/control/kubelet/container/hosts-file.js';
import { linuxResources } from '../../../../src/control/kubelet/container/linux-resources.js';
import { authsFor } from '../../../../src/control/kubelet/container/registry-logins.js';
import { serviceEnv } from '../../../../src/control/kubelet/container/service-env.js';

const expansions: readonly (readonly [text: string, expanded: string])[] = [
  ['$(A)', '1'],
  ['$(A)$(B)', '12'],
  ['$$(A)', '$(A)'],
  ['$$$(A)', '$1'],
  ['$(C)', '$(C)'],
  ['$(A', '$(A'],
  ['$A', '$A'],
  ['cost: 5$', 'cost: 5$'],
  ['$()', '$()'],
];
for (const [text, expanded] of expansions) {
  t.test(`expand: ${text} is ${expanded}`, async (t) => {
    t.equal(
      expand(text, (name) => ({ A: '1', B: '2' })[name]),
      expanded,
    );
  });
}

const pod: Pod = {
  metadata: { name: 'web', namespace: 'shop', uid: 'u1', labels: { app: 'web' } },
  spec: {},
};
const place = { nodeName: 'n1', hostIps: ['192.0.2.1'], podIps: ['10.0.0.9', 'fd00::9'] };
const sources = {
  configMap: async (_: string, name: string) =>
    name === 'conf' ? { metadata: {}, data: { MODE: 'fast', 'a.b': 'dotted' } } : null,
  secret: async (_: string, name: string) =>
    name === 'keys'
      ? { metadata: {}, data: { TOKEN: Buffer.from('s3').toString('base64') } }
      : null,
};
const envOf = async (container: object) =>
  Object.fromEntries(
    (
      await containerEnv(
        {
          pod,
          container,
          place,
          allocatable: { cpu: '4' },
          services: new Map([['API_PORT', '80']]),
        },
        sources,
      )
    ).map(({ name, value }) => [name, value]),
  );

t.test(
  'containerEnv: later variables see earlier ones, and services stand behind all',
  async (t) => {
    const env = await envOf({
      envFrom: [{ prefix: 'P_', configMapRef: { name: 'conf' } }, { secretRef: { name: 'keys' } }],
      env: [
        { name: 'A', value: '$(TOKEN)-$(P_MODE)' },
        { name: 'B', value: '$(A)$(API_PORT)$(NOPE)' },
        { name: 'IPS', valueFrom: { fieldRef: { fieldPath: 'status.podIPs' } } },
        { name: 'APP', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
        { name: 'NONE', valueFrom: { secretKeyRef: { name: 'gone', key: 'x', optional: true } } },
        { name: 'API_PORT', value: 'own' },
      ],
    });
    t.same(env, {
      ...{ P_MODE: 'fast', 'P_a.b': 'dotted', TOKEN: 's3', A: 's3-fast', B: 's3-fast80$(NOPE)' },
      ...{ IPS: '10.0.0.9,fd00::9', APP: 'web', API_PORT: 'own' },
    });
  },
);

const refusals: readonly (readonly [from: object, text: string])[] = [
  [{ configMapKeyRef: { name: 'gone', key: 'x' } }, 'configmap "gone" not found'],
  [{ secretKeyRef: { name: 'gone', key: 'x' } }, 'secret "gone" not found'],
  [{ configMapKeyRef: { name: 'conf', key: 'x' } }, "couldn't find key x in ConfigMap shop/conf"],
  [{ secretKeyRef: { name: 'keys', key: 'x' } }, "couldn't find key x in Secret shop/keys"],
  [{ fieldRef: { fieldPath: 'spec.nope' } }, 'unsupported fieldPath: spec.nope'],
];
for (const [valueFrom, message] of refusals) {
  t.test(`containerEnv: refuses with "${message}"`, async (t) => {
    await t.rejects(envOf({ env: [{ name: 'A', valueFrom }] }), { message });
  });
}

t.test(
  'resourceField: limits that are not set are what the node has, in units rounded up',
  async (t) => {
    const container = { resources: { limits: { memory: '1000' }, requests: { cpu: '1500m' } } };
    const of = (resource: string, divisor?: string) =>
      resourceField(
        container,
        { resource, ...(divisor === undefined ? {} : { divisor }) },
        { cpu: '4' },
      );
    t.equal(of('limits.cpu'), '4');
    t.equal(of('requests.cpu'), '2');
    t.equal(of('requests.cpu', '1m'), '1500');
    t.equal(of('limits.memory', '1Ki'), '1');
  },
);

t.test('serviceEnv: the API server always, others of the namespace with links alone', async (t) => {
  const services = [
    {
      metadata: { name: 'kubernetes', namespace: 'default' },
      spec: { clusterIP: '10.0.0.1', ports: [{ name: 'https', port: 443 }] },
    },
    {
      metadata: { name: 'my-db', namespace: 'shop' },
      spec: { clusterIP: '10.0.0.2', ports: [{ port: 53, protocol: 'UDP' }] },
    },
    { metadata: { name: 'headless', namespace: 'shop' }, spec: { clusterIP: 'None' } },
  ];
  const without = serviceEnv(services, 'shop', false);
  t.equal(without.get('KUBERNETES_SERVICE_PORT_HTTPS'), '443');
  t.equal(without.has('MY_DB_SERVICE_HOST'), false);
  const env = serviceEnv(services, 'shop', true);
  t.equal(env.get('MY_DB_PORT_53_UDP'), 'udp://10.0.0.2:53');
  t.equal(env.get('MY_DB_PORT_53_UDP_ADDR'), '10.0.0.2');
  t.equal(
    [...env.keys()].some((name) => name.startsWith('HEADLESS')),
    false,
  );
});

const host = parseResolvConf(
  '# x\nnameserver 192.0.2.53\nsearch corp.example.\noptions timeout:1\n',
);
const dnsRows: readonly (readonly [title: string, spec: NonNullable<Pod['spec']>, dns: object])[] =
  [
    [
      'ClusterFirst',
      {},
      {
        servers: ['10.0.0.10'],
        searches: ['shop.svc.c.local', 'svc.c.local', 'c.local', 'corp.example'],
        options: ['ndots:5'],
      },
    ],
    [
      'ClusterFirst in the network of the host',
      { hostNetwork: true },
      { servers: ['192.0.2.53'], searches: ['corp.example'], options: ['timeout:1'] },
    ],
    [
      'Default',
      { dnsPolicy: 'Default' },
      { servers: ['192.0.2.53'], searches: ['corp.example'], options: ['timeout:1'] },
    ],
    [
      'None',
      {
        dnsPolicy: 'None',
        dnsConfig: { nameservers: ['1.1.1.1'], options: [{ name: 'ndots', value: '2' }] },
      },
      { servers: ['1.1.1.1'], searches: [], options: ['ndots:2'] },
    ],
    [
      'ClusterFirst with its own options',
      { dnsConfig: { options: [{ name: 'ndots', value: '1' }] } },
      {
        servers: ['10.0.0.10'],
        searches: ['shop.svc.c.local', 'svc.c.local', 'c.local', 'corp.example'],
        options: ['ndots:1'],
      },
    ],
  ];
for (const [title, spec, dns] of dnsRows) {
  t.test(`podDns: ${title}`, async (t) => {
    t.same(
      podDns({ ...pod, spec }, host, { clusterDns: ['10.0.0.10'], clusterDomain: 'c.local' }),
      dns,
    );
  });
}

t.test('hostsFile: names the pod by its addresses, with its aliases', async (t) => {
  const spec = {
    hostname: 'db',
    subdomain: 'sub',
    hostAliases: [{ ip: '1.2.3.4', hostnames: ['a', 'b'] }],
  };
  const text = hostsFile({ ...pod, spec }, ['10.0.0.9'], { clusterDomain: 'c.local', ofNode: '' });
  t.match(text, '10.0.0.9\tdb.sub.shop.svc.c.local\tdb\n');
  t.match(text, '# Entries added by HostAliases.\n1.2.3.4\ta\tb\n');
});

t.test('linuxResources: shares, quotas and whom the kernel ends first', async (t) => {
  const node = { memoryBytes: 1000 * 2 ** 20, hasCpuQuota: true };
  const of = (resources: object) => {
    const container = { name: 'a', resources };
    return linuxResources({ metadata: {}, spec: { containers: [container] } }, container, node);
  };
  t.match(of({}), { cpuShares: 2, cpuQuotaUs: null, memoryLimitBytes: null, oomScoreAdj: 1000 });
  const both = { cpu: '500m', memory: '100Mi' };
  t.match(of({ limits: both, requests: both }), {
    cpuShares: 512,
    cpuQuotaUs: 50_000,
    memoryLimitBytes: 100 * 2 ** 20,
    oomScoreAdj: -997,
  });
  t.match(of({ requests: { memory: '250Mi' } }), { oomScoreAdj: 750 });
});

t.test(
  'authsFor: the logins of the longest path first, and none of other registries',
  async (t) => {
    const auth = (username: string) => ({ username, password: '', registryToken: '' });
    const logins = [
      { place: 'r.example', auth: auth('all') },
      { place: 'r.example/team', auth: auth('team') },
      { place: '*.example', auth: auth('any') },
      { place: 'index.docker.io', auth: auth('hub') },
    ];
    const names = (image: string) => authsFor(image, logins).map(({ username }) => username);
    t.same(names('r.example/team/app:1'), ['team', 'all', 'any']);
    t.same(names('busybox'), ['hub']);
    t.same(names('s.test/app'), []);
  },
);
