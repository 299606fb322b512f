import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import { CidrSet } from '../../../../src/control/controllers/node-ipam/cidr-set.js';
import {
  cidrSetsOf,
  type IpamSettings,
  podCidrsOf,
  takePodCidrs,
} from '../../../../src/control/controllers/node-ipam/plan.js';
import { parseCidr } from '../../../../src/control/machinery/ip-address.js';

const settings: IpamSettings = {
  ...{ clusterCidrs: '', serviceCidrs: '', maskSize: 0, maskSizeIpv4: 0, maskSizeIpv6: 0 },
};

const cases: readonly [
  given: Partial<IpamSettings>,
  seen: readonly (readonly string[] | null)[],
][] = [
  [{ clusterCidrs: '10.244.0.0/16' }, [['10.244.0.0/24'], ['10.244.1.0/24']]],
  [{ clusterCidrs: '10.244.0.0/24' }, [['10.244.0.0/24'], null]],
  [
    { clusterCidrs: '10.244.0.0/23', maskSize: 25 },
    [['10.244.0.0/25'], ['10.244.0.128/25'], ['10.244.1.0/25']],
  ],
  [
    { clusterCidrs: '10.244.0.0/16,fd00:1::/48', maskSizeIpv6: 60 },
    [
      ['10.244.0.0/24', 'fd00:1::/60'],
      ['10.244.1.0/24', 'fd00:1:0:10::/60'],
    ],
  ],
  [
    { clusterCidrs: '10.0.0.0/22', serviceCidrs: '10.0.1.0/25' },
    [['10.0.0.0/24'], ['10.0.2.0/24']],
  ],
  [{ clusterCidrs: '10.0.0.0/22', serviceCidrs: '10.0.0.0/8' }, [null]],
  [
    { clusterCidrs: '10.0.0.0/22', serviceCidrs: '10.0.0.0/23' },
    [['10.0.2.0/24'], ['10.0.3.0/24'], null],
  ],
];
for (const [given, seen] of cases) {
  t.test(`takePodCidrs with ${JSON.stringify(given)}`, (t) => {
    const sets = cidrSetsOf({ ...settings, ...given });
    t.same(
      seen.map(() => takePodCidrs(sets)),
      seen,
    );
    t.end();
  });
}

const refused: readonly Partial<IpamSettings>[] = [
  { clusterCidrs: 'nonsense' },
  { clusterCidrs: '10.0.0.0/16,10.1.0.0/16' },
  { clusterCidrs: '10.0.0.0/16,fd00::/48,fd01::/48' },
  { clusterCidrs: '10.0.0.0/16,fd00::/56', maskSize: 24 },
  { clusterCidrs: '10.0.0.0/16', maskSize: 8 },
  { clusterCidrs: '10.0.0.0/16', maskSize: 33 },
  { clusterCidrs: 'fd00::/32' },
  { clusterCidrs: '10.0.0.0/16', serviceCidrs: 'x' },
];
for (const given of refused) {
  t.test(`cidrSetsOf refuses ${JSON.stringify(given)}`, (t) => {
    t.throws(() => cidrSetsOf({ ...settings, ...given }), RangeError);
    t.end();
  });
}

t.test('takePodCidrs takes of all sets or of none', (t) => {
  const sets = cidrSetsOf({ ...settings, clusterCidrs: '10.0.0.0/23,fd00::/64' });
  t.ok(takePodCidrs(sets));
  t.equal(takePodCidrs(sets), null);
  t.equal(sets[0]?.takeNext(), '10.0.1.0/24', 'what was taken in vain is free');
  t.end();
});

t.test('podCidrsOf reads the list, or the one of old', (t) => {
  t.same(podCidrsOf({ metadata: {}, spec: { podCIDR: 'a', podCIDRs: ['a', 'b'] } }), ['a', 'b']);
  t.same(podCidrsOf({ metadata: {}, spec: { podCIDR: 'a' } }), ['a']);
  t.same(podCidrsOf({ metadata: {} }), []);
  t.end();
});

t.test('CidrSet never gives out what is taken, whatever comes in between: random', (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const prng = new Prng(seed);
    const cluster = parseCidr('10.0.0.0/20');
    const set = new CidrSet(cluster!, 24);
    const taken: string[] = [];
    for (let step = 0; step < 300; step++) {
      if (prng.chance(0.45) && taken.length > 0) {
        const [cidr] = taken.splice(prng.int(0, taken.length), 1);
        set.release(cidr!);
      } else if (prng.chance(0.2)) {
        const cidr = `10.0.${prng.int(0, 16)}.0/24`;
        set.occupy(cidr);
        taken.push(cidr);
      } else {
        const cidr = set.takeNext();
        const isFull = new Set(taken).size === 16;
        if ((cidr === null) !== isFull) t.fail(`seed ${seed}: null is for full sets alone`);
        if (cidr !== null && taken.includes(cidr))
          t.fail(`seed ${seed}: ${cidr} is given out twice`);
        if (cidr !== null) taken.push(cidr);
      }
    }
  }
  t.pass();
  t.end();
});
