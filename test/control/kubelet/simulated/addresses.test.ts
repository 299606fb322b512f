import t from 'tap';
import { nodeNames } from '../../../../src/control/kubelet/simulated/index.js';
import {
  AddressPool,
  defaultPodCidr,
  nodeAddress,
} from '../../../../src/control/kubelet/simulated/node/addresses.js';

t.test('nodeAddress: nodes have addresses of their own', (t) => {
  t.same([0, 254, 255, 4999].map(nodeAddress), [
    '172.16.0.1',
    '172.16.0.255',
    '172.16.1.0',
    '172.16.19.136',
  ]);
  t.same([0, 300].map(defaultPodCidr), ['10.128.0.0/24', '10.129.44.0/24']);
  t.end();
});

t.test('AddressPool: an address is given to one pod at a time', (t) => {
  const pool = new AddressPool('10.1.2.0/29');
  pool.claim('10.1.2.2');
  pool.claim('10.9.9.9');
  const taken = Array.from({ length: 5 }, () => pool.take());
  t.same(taken, ['10.1.2.1', '10.1.2.3', '10.1.2.4', '10.1.2.5', '10.1.2.6']);
  t.equal(pool.take(), '', 'there is none left');
  pool.giveBack('10.1.2.4');
  t.equal(pool.take(), '10.1.2.4');
  t.end();
});

t.test('AddressPool: a network that cannot be used has no addresses', (t) => {
  for (const cidr of ['', 'fd00::/64', '10.0.0.0/32', '10.0.0.0/31']) {
    t.equal(new AddressPool(cidr).take(), '', JSON.stringify(cidr));
  }
  t.end();
});

t.test('nodeNames: names by pattern', (t) => {
  t.same(nodeNames('n', 1, 5), ['n']);
  t.same(nodeNames('n', 2, 5), ['n-5', 'n-6']);
  t.same(nodeNames('n%d.example', 2, 0), ['n0.example', 'n1.example']);
  t.end();
});
