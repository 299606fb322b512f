import t from 'tap';
import type { Service, ServiceSpec } from '../../../../../src/control/api/gen/core-v1.js';
import { parsePortRange } from '../../../../../src/control/apiserver/registry/services/port-allocator.js';
import { settleFamilies } from '../../../../../src/control/apiserver/registry/services/service-plan.js';
import { ServiceRange } from '../../../../../src/control/apiserver/registry/services/service-range.js';
import { parseIp } from '../../../../../src/control/machinery/ip-address.js';

for (const [text, first, size, dynamicStart] of [
  ['10.0.0.0/24', '10.0.0.1', 254n, 16n],
  ['10.0.0.0/16', '10.0.0.1', 65_534n, 256n],
  ['10.0.0.0/29', '10.0.0.1', 6n, 0n],
  ['fd00::/112', 'fd00::1', 65_535n, 256n],
  ['fd00::/48', 'fd00::1', 2n ** 64n - 1n, 256n],
] as const) {
  t.test(`ServiceRange knows what ${text} has`, async (t) => {
    const range = ServiceRange.parse(text);
    t.equal(range?.at(0n), first);
    t.equal(range?.size, size);
    t.equal(range?.dynamicStart, dynamicStart);
    t.equal(String(range), text);
  });
}

t.test('ServiceRange contains neither its ends nor what lies outside', async (t) => {
  const range = ServiceRange.parse('10.0.0.0/24')!;
  for (const [ip, isIn] of [
    ['10.0.0.0', false],
    ['10.0.0.1', true],
    ['10.0.0.254', true],
    ['10.0.0.255', false],
    ['10.0.1.1', false],
    ['fd00::1', false],
  ] as const) {
    t.equal(range.contains(parseIp(ip)!.address), isIn, ip);
  }
  t.equal(ServiceRange.parse('10.0.0.1/32'), null);
  t.equal(ServiceRange.parse('nonsense'), null);
});

for (const [text, range] of [
  ['30000-32767', { first: 30_000, last: 32_767 }],
  ['30000+10', { first: 30_000, last: 30_010 }],
  ['30000', { first: 30_000, last: 30_000 }],
  ['5-1', null],
  ['0-10', null],
  ['1-70000', null],
  ['a-b', null],
] as const) {
  t.test(`parsePortRange reads ${text}`, async (t) => {
    t.same(parsePortRange(text), range);
  });
}

for (const [what, spec, cluster, expected] of [
  ['one family by default', {}, ['IPv4', 'IPv6'], ['SingleStack', 'IPv4']],
  [
    'both when preferred',
    { ipFamilyPolicy: 'PreferDualStack' },
    ['IPv4', 'IPv6'],
    ['PreferDualStack', 'IPv4', 'IPv6'],
  ],
  [
    'one when preferred and there is one',
    { ipFamilyPolicy: 'PreferDualStack' },
    ['IPv4'],
    ['PreferDualStack', 'IPv4'],
  ],
  [
    'the family of a given address',
    { clusterIP: 'fd00::5' },
    ['IPv4', 'IPv6'],
    ['SingleStack', 'IPv6'],
  ],
  [
    'both for headless without selector',
    { clusterIP: 'None' },
    ['IPv4'],
    ['RequireDualStack', 'IPv4', 'IPv6'],
  ],
  [
    'one for headless with selector',
    { clusterIP: 'None', selector: { a: 'b' } },
    ['IPv4'],
    ['SingleStack', 'IPv4'],
  ],
] as const) {
  t.test(`settleFamilies gives ${what}`, async (t) => {
    const service: Service = { metadata: {}, spec: { ...spec } as ServiceSpec };
    settleFamilies(service, cluster);
    t.same([service.spec?.ipFamilyPolicy, ...(service.spec?.ipFamilies ?? [])], expected);
  });
}
