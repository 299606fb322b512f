import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import {
  AddressPool,
  addressAt,
  parseSubnet,
} from '../../../../../src/control/kubelet/runtime/process/network/address-pool.js';

async function poolFor(t: Test): Promise<AddressPool> {
  const directory = await mkdtemp(join(tmpdir(), 'pool-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  return new AddressPool(directory);
}

const subnets: readonly (readonly [string, string | null])[] = [
  ['10.244.1.0/24', '10.244.1.1'],
  ['10.244.1.77/24', '10.244.1.1'],
  ['fd00:1:2:3::/64', 'fd00:1:2:3::1'],
  ['10.244.1.0/29', '10.244.1.1'],
  ['10.244.1.0/30', null],
  ['fd00::/126', null],
  ['10.244.1.0', null],
  ['pods', null],
];
for (const [cidr, gateway] of subnets) {
  t.test(`parseSubnet: ${cidr}`, async (t) => {
    const subnet = parseSubnet(cidr);
    t.equal(subnet === null ? null : addressAt(subnet, 1), gateway);
  });
}

t.test('AddressPool: gives each address of a network to one owner', async (t) => {
  const pool = await poolFor(t);
  const subnet = parseSubnet('10.0.0.0/29')!;
  const taken: string[] = [];
  for (let owner = 0; owner < 5; owner++) taken.push(await pool.take(subnet, `${owner}`));
  t.same(taken, ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6']);
  await t.rejects(pool.take(subnet, 'late'), {
    message: 'no addresses of 10.0.0.0/29 are left on this node',
  });
  await pool.release('2');
  t.equal(await pool.take(subnet, 'late'), '10.0.0.4');
});

t.test('AddressPool: an owner has addresses of both versions, and gives both back', async (t) => {
  const pool = await poolFor(t);
  const four = parseSubnet('10.0.0.0/24')!;
  const six = parseSubnet('fd00::/64')!;
  t.equal(await pool.take(four, 'a'), '10.0.0.2');
  t.equal(await pool.take(six, 'a'), 'fd00::2');
  t.equal(await pool.take(six, 'b'), 'fd00::3');
  await pool.release('a');
  const again = new Set([await pool.take(four, 'c'), await pool.take(four, 'd')]);
  t.same(again, new Set(['10.0.0.3', '10.0.0.4']), 'an address rests before it has another owner');
});
