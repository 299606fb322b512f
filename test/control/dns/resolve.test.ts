import t from 'tap';
import type { Service, ServiceSpec } from '../../../src/control/api/gen/core-v1.js';
import type { Endpoint, EndpointSlice } from '../../../src/control/api/gen/discovery-v1.js';
import type { ClusterView } from '../../../src/control/dns/index.js';
import { resolveName } from '../../../src/control/dns/index.js';
import type { ZoneRecord } from '../../../src/control/dns/records/record.js';

function service(name: string, spec: ServiceSpec, namespace = 'default'): Service {
  return { metadata: { name, namespace }, spec };
}

function slice(
  of: string,
  endpoints: Endpoint[],
  more: Partial<EndpointSlice> = {},
): EndpointSlice {
  return {
    metadata: {
      name: `${of}-1`,
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': of },
    },
    addressType: 'IPv4',
    ports: [
      { name: 'http', protocol: 'TCP', port: 8080 },
      { name: 'dns', protocol: 'UDP', port: 53 },
    ],
    endpoints,
    ...more,
  };
}

const ready = { ready: true };
const services = [
  service('web', {
    clusterIP: '10.96.0.5',
    clusterIPs: ['10.96.0.5', 'fd00::5'],
    ports: [{ name: 'http', protocol: 'TCP', port: 80 }],
  }),
  service('db', { clusterIP: 'None', ports: [{ name: 'http', port: 8080 }] }),
  service('nobody', { clusterIP: 'None', ports: [{ name: 'http', port: 80 }] }),
  service('six', { clusterIP: 'None' }),
  service('elsewhere', { type: 'ExternalName', externalName: 'www.example.com.' }),
];
const slices = [
  slice('web', [{ addresses: ['10.1.0.9'], conditions: ready, hostname: 'one' }]),
  slice('db', [
    { addresses: ['10.1.0.1'], conditions: ready, hostname: 'db-0' },
    { addresses: ['10.1.0.2'], conditions: ready },
    { addresses: ['10.1.0.3'], conditions: { ready: false }, hostname: 'db-2' },
  ]),
  slice('six', [{ addresses: ['fd00:1::1'], conditions: ready }], { addressType: 'IPv6' }),
];
const view: ClusterView = {
  hasNamespace: (name) => name === 'default' || name === 'empty',
  service: (namespace, name) =>
    services.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name),
  slicesOf: (namespace, name) =>
    slices.filter(
      ({ metadata }) =>
        metadata.namespace === namespace &&
        metadata.labels?.['kubernetes.io/service-name'] === name,
    ),
  serviceByIp: (ip) => services.find(({ spec }) => spec?.clusterIPs?.includes(ip) === true),
  slicesByIp: (ip) =>
    slices.filter(({ endpoints }) => endpoints?.some((one) => one.addresses?.includes(ip))),
  hasPod: (namespace, ip) => namespace === 'default' && ip === '10.1.0.1',
};

function shown(record: ZoneRecord): string {
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return `${record.type} ${record.address}`;
    case 'TXT':
      return `TXT ${record.text}`;
    case 'SRV':
      return `SRV ${record.weight} ${record.port} ${record.target}`;
    default:
      return `${record.type} ${record.target}`;
  }
}

function ask(name: string, podNames: 'disabled' | 'insecure' | 'verified' = 'verified') {
  const options = { zone: 'cluster.local', podNames, serverIps: ['10.96.0.10'] };
  const resolution = resolveName(name, view, options);
  return resolution.kind === 'records' ? resolution.records.map(shown) : resolution.kind;
}

const zone = 'cluster.local';
const table: readonly (readonly [name: string, answer: string | readonly string[]])[] = [
  [zone, [`NS ns.dns.${zone}`]],
  [`ns.dns.${zone}`, ['A 10.96.0.10']],
  [`dns.${zone}`, 'empty'],
  [`dns-version.${zone}`, ['TXT 1.1.0']],
  [`other.${zone}`, 'no-name'],
  ['example.com', 'not-ours'],
  ['notcluster.local', 'not-ours'],
  ['', 'not-ours'],
  [`svc.${zone}`, 'empty'],
  [`empty.svc.${zone}`, 'empty'],
  [`missing.svc.${zone}`, 'no-name'],
  [`web.missing.svc.${zone}`, 'no-name'],
  [`missing.default.svc.${zone}`, 'no-name'],
  [
    `web.default.svc.${zone}`,
    ['A 10.96.0.5', 'AAAA fd00::5', `SRV 100 80 web.default.svc.${zone}`],
  ],
  [`_http._tcp.web.default.svc.${zone}`, [`SRV 100 80 web.default.svc.${zone}`]],
  [`_http._udp.web.default.svc.${zone}`, 'no-name'],
  [`_tcp.web.default.svc.${zone}`, 'empty'],
  [`one.web.default.svc.${zone}`, ['A 10.1.0.9']],
  [`two.web.default.svc.${zone}`, 'no-name'],
  [`a.b.c.web.default.svc.${zone}`, 'no-name'],
  [
    `db.default.svc.${zone}`,
    [
      'A 10.1.0.1',
      'A 10.1.0.2',
      `SRV 25 8080 db-0.db.default.svc.${zone}`,
      `SRV 25 53 db-0.db.default.svc.${zone}`,
      `SRV 25 8080 10-1-0-2.db.default.svc.${zone}`,
      `SRV 25 53 10-1-0-2.db.default.svc.${zone}`,
    ],
  ],
  [`db-0.db.default.svc.${zone}`, ['A 10.1.0.1']],
  [`10-1-0-2.db.default.svc.${zone}`, ['A 10.1.0.2']],
  [`db-2.db.default.svc.${zone}`, 'no-name'],
  [
    `_dns._udp.db.default.svc.${zone}`,
    [`SRV 50 53 db-0.db.default.svc.${zone}`, `SRV 50 53 10-1-0-2.db.default.svc.${zone}`],
  ],
  [`nobody.default.svc.${zone}`, 'no-name'],
  [`elsewhere.default.svc.${zone}`, ['CNAME www.example.com']],
  [`x.elsewhere.default.svc.${zone}`, 'no-name'],
  [`pod.${zone}`, 'empty'],
  [`default.pod.${zone}`, 'empty'],
  [`missing.pod.${zone}`, 'no-name'],
  [`10-1-0-1.default.pod.${zone}`, ['A 10.1.0.1']],
  [`10-1-0-7.default.pod.${zone}`, 'no-name'],
  [`10-1-0-777.default.pod.${zone}`, 'no-name'],
  [`word.default.pod.${zone}`, 'no-name'],
  [`a.10-1-0-1.default.pod.${zone}`, 'no-name'],
  ['5.0.96.10.in-addr.arpa', [`PTR web.default.svc.${zone}`]],
  ['1.0.1.10.in-addr.arpa', [`PTR db-0.db.default.svc.${zone}`]],
  ['9.0.1.10.in-addr.arpa', 'not-ours'],
  ['3.0.1.10.in-addr.arpa', 'not-ours'],
  ['0.1.10.in-addr.arpa', 'not-ours'],
  ['01.0.1.10.in-addr.arpa', 'not-ours'],
  [
    '5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa',
    [`PTR web.default.svc.${zone}`],
  ],
];

for (const [name, answer] of table) {
  t.test(`resolveName: ${name || 'the root'} is ${answer}`, async (t) => {
    t.same(ask(name), answer);
  });
}

t.test('resolveName: an IPv6 endpoint is called by its address with dashes', async (t) => {
  const name = `fd00-1--1.six.default.svc.${zone}`;
  t.same(ask(name), ['AAAA fd00:1::1']);
});

t.test('resolveName: names of pods are answered as it is wanted', async (t) => {
  t.same(ask(`10-1-0-7.default.pod.${zone}`, 'insecure'), ['A 10.1.0.7']);
  t.same(ask(`fd00--7.default.pod.${zone}`, 'insecure'), ['AAAA fd00::7']);
  t.same(ask(`10-1-0-1.default.pod.${zone}`, 'disabled'), 'no-name');
});
