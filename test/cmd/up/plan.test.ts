import t from 'tap';
import {
  apiServiceAddress,
  chooseNetwork,
  dnsServiceAddress,
  findTakenNetwork,
  gatewayAddress,
  nodeAddress,
} from '../../../src/cmd/up/cluster-network.js';
import { type ClusterPlan, formatPlan, parsePlan } from '../../../src/cmd/up/plan.js';

const network = {
  prefix: 'fabc12',
  gateway: '172.30.7.1/24',
  podCidr: '10.244.0.0/16',
  serviceCidr: '10.96.0.0/16',
};
const members = [{ name: 'm1', clientPort: 2379, peerPort: 2380 }];

t.test('parsePlan: reads what formatPlan writes', async (t) => {
  const plans: readonly ClusterPlan[] = [
    { members, apiPort: null, network: null, nodes: null },
    { members, apiPort: 6443, network, nodes: { count: 3, runtime: 'cri' } },
  ];
  for (const plan of plans) t.same(parsePlan(formatPlan(plan)), plan);
  const old = JSON.stringify({ format: 1, members, apiPort: 6443 });
  t.same(
    parsePlan(old),
    { members, apiPort: 6443, network: null, nodes: null },
    'of an earlier version',
  );
});

const broken: readonly (readonly [string, object])[] = [
  ['a prefix that leads elsewhere', { network: { ...network, prefix: '../../x' } }],
  ['a network that is none', { network: { ...network, podCidr: '10.244.0.0' } }],
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
  t.equal(nodeAddress(network, 1), '172.30.7.11');
  t.equal(nodeAddress(network, 32), '172.30.7.42');
  t.equal(apiServiceAddress(network), '10.96.0.1');
  t.equal(dnsServiceAddress(network), '10.96.0.10');
});

t.test('chooseNetwork: takes what nothing on the machine has', async (t) => {
  const chosen = await chooseNetwork();
  t.match(chosen.prefix, /^f[0-9a-f]{5}$/);
  t.match(chosen.gateway, /^172\.30\.\d+\.1\/24$/);
  t.equal(await findTakenNetwork(chosen), undefined);
});

t.test('findTakenNetwork: names a network that the machine has for something else', async (t) => {
  const loopback = { ...network, podCidr: '127.0.0.0/8' };
  t.equal(await findTakenNetwork(loopback), '127.0.0.0/8');
});
