import t, { type Test } from 'tap';
import { chooseNetwork, claimNetwork } from '../../../src/cmd/up/choose-network.js';
import {
  apiServiceAddress,
  dnsServiceAddress,
  gatewayAddress,
  nodeAddresses,
  podCidrs,
  serviceCidrs,
} from '../../../src/cmd/up/cluster-network.js';
import { NetworkClaims } from '../../../src/cmd/up/network-claims.js';
import { type ClusterPlan, formatPlan, parsePlan } from '../../../src/cmd/up/plan.js';
import { formatIp, parseCidr, parseIp } from '../../../src/control/machinery/ip-address.js';

const network = {
  prefix: 'fabc12',
  gateway: '172.30.7.1/24',
  podCidr: '10.244.0.0/16',
  serviceCidr: '10.96.0.0/16',
  ipv6: null,
};
const dual = {
  ...network,
  ipv6: {
    gateway: 'fd12:3:4::1/64',
    podCidr: 'fd12:3:4:100::/56',
    serviceCidr: 'fd12:3:4:200::/112',
  },
};
const members = [{ name: 'm1', clientPort: 2379, peerPort: 2380 }];

t.test('parsePlan: reads what formatPlan writes', async (t) => {
  const plans: readonly ClusterPlan[] = [
    { members, apiPort: null, network: null, nodes: null },
    { members, apiPort: 6443, network, nodes: { count: 3, runtime: 'cri' } },
    { members, apiPort: 6443, network: dual, nodes: { count: 1, runtime: 'process' } },
  ];
  for (const plan of plans) t.same(parsePlan(formatPlan(plan)), plan);
  const old = JSON.stringify({ format: 1, members, apiPort: 6443 });
  t.same(
    parsePlan(old),
    { members, apiPort: 6443, network: null, nodes: null },
    'of an earlier version',
  );
  const { ipv6: _, ...ofV4 } = network;
  const older = JSON.stringify({ format: 1, members, apiPort: 6443, network: ofV4 });
  t.same(parsePlan(older)?.network, network, 'of a version without IPv6');
});

const broken: readonly (readonly [string, object])[] = [
  ['a prefix that leads elsewhere', { network: { ...network, prefix: '../../x' } }],
  ['a network that is none', { network: { ...network, podCidr: '10.244.0.0' } }],
  ['a network of the other version', { network: { ...network, ipv6: network } }],
  ['a runtime that there is not', { nodes: { count: 1, runtime: 'docker' } }],
  ['half a node', { nodes: { count: 1.5, runtime: 'process' } }],
  ['a port that is none', { apiPort: 70_000 }],
];
for (const [title, change] of broken) {
  t.test(`parsePlan: ${title} is no plan`, async (t) => {
    t.equal(parsePlan(JSON.stringify({ format: 1, members, ...change })), undefined);
  });
}

t.test('addresses of a cluster follow from its networks', async (t) => {
  t.equal(gatewayAddress(network), '172.30.7.1');
  t.same(nodeAddresses(network, 1), ['172.30.7.11/24']);
  t.same(nodeAddresses(dual, 32), ['172.30.7.42/24', 'fd12:3:4::2a/64']);
  t.equal(podCidrs(dual), '10.244.0.0/16,fd12:3:4:100::/56');
  t.equal(serviceCidrs(network), '10.96.0.0/16');
  t.equal(apiServiceAddress(network), '10.96.0.1');
  t.equal(dnsServiceAddress(network), '10.96.0.10');
});

/** Claims that are given back with the test. */
function claimsFor(t: Test): NetworkClaims {
  const claims = new NetworkClaims();
  t.teardown(() => claims.release());
  return claims;
}

t.test('chooseNetwork: takes what nothing on the machine has', async (t) => {
  const claims = claimsFor(t);
  const chosen = await chooseNetwork(claims, { hasIpv6: false });
  t.match(chosen.prefix, /^f[0-9a-f]{5}$/);
  t.match(chosen.gateway, /^172\.30\.\d+\.1\/24$/);
  t.equal(chosen.ipv6, null);
  t.equal(await claimNetwork(claims, chosen), undefined);
});

t.test('chooseNetwork: of IPv6 networks of local use in canonical form', async (t) => {
  const { ipv6 } = await chooseNetwork(claimsFor(t), { hasIpv6: true });
  for (const [cidr = '', form] of [
    [ipv6?.gateway, /^fd[0-9a-f]{2}(:[1-9a-f][0-9a-f]{0,3}){2}::1\/64$/],
    [ipv6?.podCidr, /:100::\/56$/],
    [ipv6?.serviceCidr, /:200::\/112$/],
  ] as const) {
    t.match(cidr, form);
    t.match(parseCidr(cidr), { prefixLength: Number(cidr.split('/')[1]) });
    t.equal(formatIp(parseIp(cidr.replace(/\/.*/, ''))!.address), cidr.replace(/\/.*/, ''));
  }
});

t.test('chooseNetwork: several at once choose different networks', async (t) => {
  const chosen = await Promise.all(
    Array.from({ length: 4 }, () => chooseNetwork(claimsFor(t), { hasIpv6: false })),
  );
  for (const part of ['prefix', 'gateway', 'podCidr', 'serviceCidr'] as const)
    t.equal(new Set(chosen.map((each) => each[part])).size, 4, part);
});

t.test('claimNetwork: what another run has is taken until it gives it back', async (t) => {
  const first = claimsFor(t);
  const chosen = await chooseNetwork(first, { hasIpv6: false });
  t.equal(await claimNetwork(claimsFor(t), chosen), chosen.gateway);
  await first.release();
  t.equal(await claimNetwork(claimsFor(t), chosen), undefined);
});

t.test('claimNetwork: names a network that the machine has for something else', async (t) => {
  const loopback = { ...network, podCidr: '127.0.0.0/8' };
  t.equal(await claimNetwork(claimsFor(t), loopback), '127.0.0.0/8');
});
