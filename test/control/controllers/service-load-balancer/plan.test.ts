import t from 'tap';
import type { Service } from '../../../../src/control/api/gen/core-v1.js';
import {
  AddressPool,
  parseAddressRanges,
} from '../../../../src/control/controllers/service-load-balancer/address-pool.js';
import {
  isBalanced,
  planBalancer,
} from '../../../../src/control/controllers/service-load-balancer/plan.js';

function service(spec: Service['spec'] = {}, ips: readonly string[] = []): Service {
  return {
    metadata: { name: 'web', namespace: 'default' },
    spec: { type: 'LoadBalancer', ipFamilies: ['IPv4'], ...spec },
    status: { loadBalancer: { ingress: ips.map((ip) => ({ ip })) } },
  };
}

function pool(text: string): AddressPool {
  return new AddressPool(parseAddressRanges(text));
}

function ips({ ingress }: ReturnType<typeof planBalancer>): unknown {
  return ingress?.map(({ ip }) => ip) ?? null;
}

const sizes: readonly [text: string, version: 4 | 6, all: readonly string[]][] = [
  ['192.0.2.0/30', 4, ['192.0.2.1', '192.0.2.2']],
  ['192.0.2.4/31', 4, ['192.0.2.4', '192.0.2.5']],
  ['192.0.2.4/32', 4, ['192.0.2.4']],
  ['192.0.2.9-192.0.2.10, 192.0.2.1 - 192.0.2.1', 4, ['192.0.2.9', '192.0.2.10', '192.0.2.1']],
  ['fd00::/126', 6, ['fd00::1', 'fd00::2', 'fd00::3']],
];
for (const [text, version, all] of sizes) {
  t.test(`AddressPool of ${text} gives out ${all}`, (t) => {
    const of = pool(text);
    t.same(
      all.map((_, at) => of.takeNext(`o${at}`, version)),
      all,
    );
    t.equal(of.takeNext('more', version), null);
    of.release('o0');
    t.equal(of.takeNext('more', version), all[0]);
    t.end();
  });
}

for (const text of [
  '',
  'nonsense',
  '192.0.2.1',
  '192.0.2.2-192.0.2.1',
  '192.0.2.1-fd00::1',
  '1.1.1.1-1.1.1.2-1.1.1.3',
]) {
  t.test(`parseAddressRanges refuses ${JSON.stringify(text)}`, (t) => {
    t.throws(() => parseAddressRanges(text), RangeError);
    t.end();
  });
}

t.test('planBalancer gives an address of each family that the pool has, and says it once', (t) => {
  const of = pool('192.0.2.0/24,fd00::/64');
  const dual = { ipFamilies: ['IPv6', 'IPv4'] };
  t.same(ips(planBalancer(service(dual), 'a', of)), ['fd00::1', '192.0.2.1']);
  t.same(ips(planBalancer(service(dual, ['fd00::1', '192.0.2.1']), 'a', of)), null);
  t.same(ips(planBalancer(service(), 'b', of)), ['192.0.2.2']);
  t.same(ips(planBalancer(service({}, ['fd00::1', '192.0.2.1']), 'a', of)), ['192.0.2.1']);
  t.same(of.of('a'), ['192.0.2.1'], 'what it does not need any more is free');
  t.end();
});

t.test(
  'planBalancer keeps what a service has, unless it is not of the pool or another has it',
  (t) => {
    const of = pool('192.0.2.0/24');
    t.same(ips(planBalancer(service({}, ['192.0.2.77']), 'a', of)), null);
    t.same(ips(planBalancer(service({}, ['192.0.2.77']), 'b', of)), ['192.0.2.1']);
    t.same(ips(planBalancer(service({}, ['198.51.100.1']), 'c', of)), ['192.0.2.2']);
    t.end();
  },
);

t.test('planBalancer gives the address that a service wants, or none', (t) => {
  const of = pool('192.0.2.0/24');
  const wish = { loadBalancerIP: '192.0.2.9' };
  t.same(ips(planBalancer(service(wish), 'a', of)), ['192.0.2.9']);
  const refused = planBalancer(service(wish), 'b', of);
  t.match(refused.problem, '192.0.2.9 is not free');
  t.same(ips(planBalancer(service(wish, ['192.0.2.5']), 'b', of)), [], 'it does not keep another');
  t.end();
});

t.test('planBalancer says when the pool is empty, or of other families', (t) => {
  const of = pool('192.0.2.0/32');
  planBalancer(service(), 'a', of);
  t.match(planBalancer(service(), 'b', of), { ingress: null, problem: 'no free address of IPv4' });
  t.match(planBalancer(service({ ipFamilies: ['IPv6'] }), 'c', of).problem, 'families');
  t.end();
});

const classes: readonly [subject: Service, ownClass: string, seen: boolean][] = [
  [service(), '', true],
  [service({ loadBalancerClass: 'x/y' }), '', false],
  [service({ loadBalancerClass: 'x/y' }), 'x/y', true],
  [service(), 'x/y', false],
  [service({ type: 'ClusterIP' }), '', false],
  [{ ...service(), metadata: { deletionTimestamp: 'now' } }, '', false],
];
for (const [subject, ownClass, seen] of classes) {
  t.test(
    `isBalanced ${JSON.stringify(subject.spec)} by class ${JSON.stringify(ownClass)} is ${seen}`,
    (t) => {
      t.equal(isBalanced(subject, ownClass), seen);
      t.end();
    },
  );
}
