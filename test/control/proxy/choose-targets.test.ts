import t from 'tap';
import type { Endpoint } from '../../../src/control/api/gen/discovery-v1.js';
import { clusterTargets, localTargets } from '../../../src/control/proxy/model/choose-targets.js';
import { endpointsOf } from '../../../src/control/proxy/model/endpoints.js';
import { slice } from './objects.js';

const place = { name: 'n1', zone: 'z1' };
const wanted = { name: '', protocol: 'tcp', family: 4 } as const;

const going = { conditions: { ready: false, serving: true, terminating: true } };
const gone = { conditions: { ready: false, serving: false, terminating: true } };
const unready = { conditions: { ready: false } };
const zones = (...names: string[]) => ({ hints: { forZones: names.map((name) => ({ name })) } });
const nodes = (...names: string[]) => ({ hints: { forNodes: names.map((name) => ({ name })) } });
const at = (n: number, more: Endpoint = {}): Endpoint => ({
  ...{ addresses: [`10.244.0.${n}`], nodeName: n < 10 ? 'n1' : 'n2' },
  ...more,
});

/** Endpoints, and the last numbers of the addresses that connections go to: from anywhere, and within the node (1 to 9 are here). */
const cases: readonly (readonly [
  name: string,
  endpoints: Endpoint[],
  cluster: string,
  local: string,
])[] = [
  ['none', [], '', ''],
  ['all that are ready', [at(1), at(11), at(2, unready)], '1 11', '1'],
  ['those that go when none is ready', [at(1, going), at(11, going), at(2, gone)], '1 11', '1'],
  ['nobody that goes while another is ready', [at(1, going), at(11)], '11', '1'],
  ['nobody that is gone', [at(1, gone), at(11, unready)], '', ''],
  ['those of the zone', [at(1, zones('z2')), at(11, zones('z1', 'z2'))], '11', '1'],
  ['all when one has no hint', [at(1, zones('z2')), at(11, zones('z1')), at(12)], '1 11 12', '1'],
  ['all when none is for the zone', [at(1, zones('z2')), at(11, zones('z3'))], '1 11', '1'],
  [
    'hints of those that are not ready do not count',
    [at(1, zones('z1')), at(11, unready)],
    '1',
    '1',
  ],
  ['those of the node', [at(1, nodes('n1')), at(11, nodes('n2'))], '1', '1'],
  [
    'those of the zone when none is for the node',
    [
      at(11, { hints: { ...nodes('n2').hints, ...zones('z1').hints } }),
      at(12, { hints: { ...nodes('n3').hints, ...zones('z2').hints } }),
    ],
    '11',
    '',
  ],
  ['each address once', [at(1, unready), at(1)], '1', '1'],
];

for (const [name, endpoints, cluster, local] of cases) {
  t.test(`clusterTargets and localTargets choose: ${name}`, async (t) => {
    const found = endpointsOf([slice('web', endpoints)], wanted, place.name);
    const numbers = (targets: readonly { readonly ip: string }[]) =>
      targets.map(({ ip }) => ip.slice('10.244.0.'.length)).join(' ');
    t.equal(numbers(clusterTargets(found, place)), cluster);
    t.equal(numbers(localTargets(found)), local);
  });
}

t.test('endpointsOf keeps to the port, the protocol and the family', async (t) => {
  const of = (port: Parameters<typeof slice>[2]) =>
    endpointsOf([slice('web', [at(1)], port)], wanted, place.name).length;
  t.equal(of({}), 1);
  t.equal(of({ name: 'http' }), 0);
  t.equal(of({ protocol: 'UDP' }), 0);
  t.equal(of({ addressType: 'IPv6' }), 0);
});
