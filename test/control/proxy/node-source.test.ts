import t from 'tap';
import type { Node } from '../../../src/control/api/gen/core-v1.js';
import type { PodSource } from '../../../src/control/proxy/model/node-facts.js';
import {
  factsOf,
  type LocalDetection,
  type ProxySettings,
  placeOf,
} from '../../../src/control/proxy/node-source.js';

const settings: ProxySettings = {
  ...{ nodePortAddresses: [], clusterCidrs: ['fd00:244::/48', '10.244.0.0/16'] },
  ...{ localDetection: { mode: 'ClusterCIDR' }, servesLoopbackNodePorts: true },
  ...{ masqueradesAll: false, masqueradeBit: 14, balance: 'random' },
};
const node: Node = {
  metadata: { name: 'n1', labels: { 'topology.kubernetes.io/zone': 'z1' } },
  spec: { podCIDRs: ['10.244.1.0/24', 'fd00:244:1::/64'] },
  status: {
    addresses: [
      { type: 'InternalIP', address: '192.0.2.1' },
      { type: 'InternalIP', address: 'fd00::1' },
      { type: 'ExternalIP', address: '198.51.100.1' },
    ],
  },
};
const machineAddresses = ['192.0.2.1', '10.244.1.1', 'fd00::1', '127.0.0.1'];

t.test('placeOf says where a node is, once it is registered', async (t) => {
  t.same(placeOf('n1', node), { name: 'n1', zone: 'z1' });
  t.same(placeOf('n1', undefined), { name: 'n1', zone: '' });
});

const cidr = (text: string): PodSource => ({ by: 'cidr', cidr: text });
const sources: readonly (readonly [
  detection: LocalDetection,
  four: PodSource | null,
  six: PodSource | null,
  unregistered: PodSource | null,
])[] = [
  [{ mode: 'ClusterCIDR' }, cidr('10.244.0.0/16'), cidr('fd00:244::/48'), cidr('10.244.0.0/16')],
  [{ mode: 'NodeCIDR' }, cidr('10.244.1.0/24'), cidr('fd00:244:1::/64'), null],
  ...(['BridgeInterface', 'InterfaceNamePrefix'] as const).map((mode) => {
    const source = { by: 'interface', name: 'x', isPrefix: mode !== 'BridgeInterface' } as const;
    return [{ mode, name: 'x' }, source, source, source] as const;
  }),
];
for (const [localDetection, four, six, unregistered] of sources) {
  t.test(`factsOf tells pods by ${localDetection.mode}`, async (t) => {
    const of = (family: 4 | 6, known: Node | undefined) =>
      factsOf({ ...settings, localDetection }, { family, node: known, machineAddresses }).podSource;
    t.same(of(4, node), four);
    t.same(of(6, node), six);
    t.same(of(4, undefined), unregistered);
  });
}

t.test('factsOf knows no pods in a family without a network', async (t) => {
  const bare = { ...settings, clusterCidrs: ['10.244.0.0/16'] };
  t.equal(factsOf(bare, { family: 6, node, machineAddresses }).podSource, null);
});

const addresses: readonly (readonly [
  wanted: string[],
  four: readonly string[] | 'all',
  six: readonly string[] | 'all',
])[] = [
  [[], 'all', 'all'],
  [['primary'], ['192.0.2.1'], ['fd00::1']],
  [['0.0.0.0/0'], 'all', []],
  [['192.0.2.0/24', '127.0.0.0/8'], ['127.0.0.1', '192.0.2.1'], []],
  [['fd00::/64', '203.0.113.0/24'], [], ['fd00::1']],
];
for (const [wanted, four, six] of addresses) {
  t.test(`factsOf serves node ports at ${wanted.join(', ') || 'all addresses'}`, async (t) => {
    const of = (family: 4 | 6, known: Node | undefined = node) =>
      factsOf({ ...settings, nodePortAddresses: wanted }, { family, node: known, machineAddresses })
        .nodePortAddresses;
    t.same(of(4), four);
    t.same(of(6), six);
    if (wanted.includes('primary'))
      t.equal(of(4, { metadata: {} }), 'all', 'until the node tells its addresses');
  });
}
