import t from 'tap';
import type {
  Service,
  ServiceSpec,
  ServiceStatus,
} from '../../../../src/control/api/gen/core-v1.js';
import {
  cellsOf,
  context,
  createErrors,
  defaulted,
  kindOf,
  statusErrors,
  updateErrors,
} from './fixtures.js';

function serviceOf(spec: ServiceSpec = {}, status?: ServiceStatus): Service {
  const service = {
    metadata: { name: 's', namespace: 'default' },
    spec: { ports: [{ port: 80 }], ...spec },
  };
  return status === undefined ? service : { ...service, status };
}

t.test('setServiceDefaults fills in a service by its type', async (t) => {
  t.same(defaulted('Service', serviceOf()).spec, {
    internalTrafficPolicy: 'Cluster',
    ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
    sessionAffinity: 'None',
    type: 'ClusterIP',
  });
  t.match(
    defaulted('Service', serviceOf({ type: 'LoadBalancer', sessionAffinity: 'ClientIP' })).spec,
    {
      allocateLoadBalancerNodePorts: true,
      externalTrafficPolicy: 'Cluster',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } },
    },
  );
  const named = defaulted(
    'Service',
    serviceOf({ type: 'ExternalName', ports: [{ port: 1, targetPort: 'a' }] }),
  );
  t.equal(named.spec?.internalTrafficPolicy, undefined);
  t.equal(named.spec?.ports?.[0]?.targetPort, 'a');
});

const cases: readonly (readonly [name: string, spec: ServiceSpec, errors: readonly string[]])[] = [
  ['a service', {}, []],
  ['a headless service without ports', { clusterIP: 'None', ports: [] }, []],
  ['a name of another', { type: 'ExternalName', externalName: 'a.b.', ports: [] }, []],
  [
    'two families',
    {
      clusterIP: '10.0.0.1',
      clusterIPs: ['10.0.0.1', '2001:db8::1'],
      ipFamilies: ['IPv4', 'IPv6'],
      ipFamilyPolicy: 'RequireDualStack',
    },
    [],
  ],
  ['no ports', { ports: [] }, ['spec.ports: Required value']],
  [
    'an unknown type',
    { type: 'Magic' },
    [
      'spec.type: Unsupported value: "Magic": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
    ],
  ],
  [
    'a headless balancer',
    { type: 'LoadBalancer', clusterIP: 'None' },
    [
      'spec.clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for LoadBalancer services',
    ],
  ],
  [
    'a name of nothing',
    { type: 'ExternalName', ports: [], clusterIP: '10.0.0.1' },
    [
      'spec.clusterIPs: Forbidden: may not be set for ExternalName services',
      'spec.externalName: Required value',
    ],
  ],
  [
    'ports without names, twice the same',
    { ports: [{ port: 80 }, { port: 80 }] },
    [
      'spec.ports[0].name: Required value',
      'spec.ports[1].name: Required value',
      'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}',
    ],
  ],
  [
    'bad ports',
    { ports: [{ port: 0, protocol: 'X', targetPort: 'A_B', appProtocol: 'a b' }] },
    [
      'spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
      'spec.ports[0].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"',
      'spec.ports[0].targetPort: Invalid value: "A_B": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
      'spec.ports[0].targetPort: Invalid value: "A_B": must contain at least one letter (a-z)',
      "spec.ports[0].appProtocol: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ],
  ],
  [
    'a port of the nodes within the cluster',
    { ports: [{ port: 80, nodePort: 30000 }] },
    ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
  ],
  [
    'an affinity for too long',
    { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 86401 } } },
    [
      'spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400',
    ],
  ],
  [
    'two addresses of a family',
    { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1', '10.0.0.2'] },
    [
      'spec.clusterIPs: Invalid value: ["10.0.0.1","10.0.0.2"]: may specify no more than one IP for each IP family',
    ],
  ],
  [
    'addresses that do not agree',
    { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.2'], ipFamilies: ['IPv6'] },
    [
      'spec.clusterIPs: Invalid value: ["10.0.0.2"]: first value must match `clusterIP`',
      'spec.clusterIPs[0]: Invalid value: "10.0.0.2": expected an IPv6 value as indicated by `ipFamilies[0]`',
    ],
  ],
  [
    'an address that is none',
    { clusterIP: 'x' },
    [
      'spec.clusterIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ],
  ],
  [
    'external addresses',
    { externalIPs: ['127.0.0.1', '0.0.0.0', 'fe80::1'] },
    [
      'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
      'spec.externalIPs[1]: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)',
      'spec.externalIPs[2]: Invalid value: "fe80::1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
    ],
  ],
  [
    'what only balancers have',
    {
      loadBalancerSourceRanges: ['10.0.0.1/8'],
      loadBalancerClass: 'a/b',
      allocateLoadBalancerNodePorts: true,
    },
    [
      "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
      'spec.LoadBalancerSourceRanges[0]: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length',
      "spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'",
      "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'",
    ],
  ],
  [
    'policies',
    { externalTrafficPolicy: 'Local', internalTrafficPolicy: 'X', trafficDistribution: 'Y' },
    [
      'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
      'spec.internalTrafficPolicy: Unsupported value: "X": supported values: "Cluster", "Local"',
      'spec.trafficDistribution: Unsupported value: "Y": supported values: "PreferClose", "PreferSameZone", "PreferSameNode"',
    ],
  ],
  [
    'a health check that has no port yet',
    { type: 'LoadBalancer', externalTrafficPolicy: 'Local' },
    ['spec.healthCheckNodePort: Required value'],
  ],
];

t.test('validateServiceCreate refuses with the texts of the API', async (t) => {
  for (const [name, spec, errors] of cases)
    t.same(createErrors('Service', serviceOf(spec)), errors, name);
});

const given: ServiceSpec = {
  clusterIP: '10.0.0.1',
  clusterIPs: ['10.0.0.1'],
  ipFamilies: ['IPv4'],
  ipFamilyPolicy: 'SingleStack',
};
const dual: ServiceSpec = {
  clusterIP: '10.0.0.1',
  clusterIPs: ['10.0.0.1', '2001:db8::1'],
  ipFamilies: ['IPv4', 'IPv6'],
  ipFamilyPolicy: 'PreferDualStack',
};

const updates: readonly (readonly [
  name: string,
  spec: ServiceSpec,
  old: ServiceSpec,
  errors: readonly string[],
])[] = [
  [
    'another address',
    { ...given, clusterIP: '10.0.0.2' },
    given,
    ['spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set'],
  ],
  ['an address that is not repeated', { ipFamilies: ['IPv4'] }, given, []],
  ['a second family', dual, given, []],
  ['one family less', { ...dual, ipFamilyPolicy: 'SingleStack' }, dual, []],
  [
    'one family less without saying so',
    { ...dual, clusterIPs: ['10.0.0.1'], ipFamilies: ['IPv4'] },
    dual,
    [
      'spec.ipFamilyPolicy: Invalid value: "PreferDualStack": must be set to \'SingleStack\' when releasing the secondary clusterIP',
      'spec.ipFamilyPolicy: Invalid value: "PreferDualStack": must be set to \'SingleStack\' when releasing the secondary ipFamily',
    ],
  ],
  ['from an address to a name', { ...given, type: 'ExternalName', externalName: 'a' }, given, []],
  [
    'another class of balancers',
    { ...given, type: 'LoadBalancer', loadBalancerClass: 'a/c' },
    { ...given, type: 'LoadBalancer', loadBalancerClass: 'a/b' },
    ['spec.loadBalancerClass: Invalid value: "a/c": may not change once set'],
  ],
];

t.test('validateServiceUpdate keeps addresses', async (t) => {
  for (const [name, spec, old, errors] of updates) {
    t.same(updateErrors('Service', serviceOf(spec), serviceOf(old)), errors, name);
  }
});

t.test('prepareServiceUpdate keeps what was given out, and drops what has no use', async (t) => {
  const old = defaulted(
    'Service',
    serviceOf({
      ...given,
      type: 'NodePort',
      ports: [
        { name: 'a', port: 1, nodePort: 30001 },
        { name: 'b', port: 2, nodePort: 30002 },
      ],
    }),
  );
  const prepared = (spec: ServiceSpec) => {
    const service = defaulted('Service', serviceOf(spec));
    kindOf('Service').prepareForUpdate?.(service, old, context);
    return service.spec;
  };
  const swapped = prepared({
    type: 'NodePort',
    ports: [
      { name: 'b', port: 2, nodePort: 30001 },
      { name: 'a', port: 1 },
    ],
  });
  t.match(swapped, { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'] });
  t.same(
    swapped?.ports?.map(({ nodePort }) => nodePort),
    [30001, undefined],
  );
  const same = prepared({
    type: 'NodePort',
    ports: [
      { name: 'b', port: 2 },
      { name: 'a', port: 1 },
    ],
  });
  t.same(
    same?.ports?.map(({ nodePort }) => nodePort),
    [30002, 30001],
  );
  const inner = prepared({ ...old.spec, type: 'ClusterIP' });
  t.same(
    inner?.ports?.map(({ nodePort }) => nodePort),
    [undefined, undefined],
  );
  t.equal(inner?.externalTrafficPolicy, undefined);
});

t.test('validateServiceStatus checks what a balancer says', async (t) => {
  const ingress = (entry: object, type = 'LoadBalancer') =>
    statusErrors(
      'Service',
      serviceOf({ type }, { loadBalancer: { ingress: [entry] } }),
      serviceOf({ type }),
    );
  t.same(ingress({ ip: '10.0.0.1' }), []);
  t.same(ingress({ hostname: '1.2.3.4' }), [
    'status.loadBalancer.ingress[0].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
  ]);
  t.same(ingress({ hostname: 'a', ipMode: 'VIP' }), [
    'status.loadBalancer.ingress[0].ipMode: Forbidden: may not be specified when `ip` is not set',
  ]);
  t.same(ingress({ ip: '10.0.0.1' }, 'ClusterIP'), [
    "status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'",
  ]);
});

t.test('serviceWarnings tells what is ignored or deprecated', async (t) => {
  const warnings = (spec: ServiceSpec) =>
    kindOf('Service').warnings?.(defaulted('Service', serviceOf(spec)), undefined, context);
  t.same(warnings({}), []);
  t.same(
    warnings({
      externalName: 'a',
      externalIPs: ['2001:DB8::1'],
      trafficDistribution: 'PreferClose',
    }),
    [
      'spec.externalIPs[0]: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")',
      'spec.externalIPs is deprecated and may no longer be implemented in some clusters',
      'spec.externalName is ignored when spec.type is not "ExternalName"',
      'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
    ],
  );
  t.same(warnings({ clusterIP: 'None', sessionAffinity: 'ClientIP' }), [
    'spec.SessionAffinity is ignored for headless services',
  ]);
});

const rows: readonly (readonly [
  spec: ServiceSpec,
  status: ServiceStatus | undefined,
  cells: readonly string[],
])[] = [
  [{}, undefined, ['ClusterIP', '<none>', '<none>', '80/TCP', '<unknown>', '<none>']],
  [
    { clusterIPs: ['10.0.0.1'], externalIPs: ['1.1.1.1', '2.2.2.2'], selector: { b: '2', a: '1' } },
    undefined,
    ['ClusterIP', '10.0.0.1', '1.1.1.1,2.2.2.2', '80/TCP', '<unknown>', 'a=1,b=2'],
  ],
  [
    {
      type: 'NodePort',
      ports: [
        { port: 80, nodePort: 30000 },
        { port: 53, protocol: 'UDP' },
      ],
    },
    undefined,
    ['NodePort', '<none>', '<none>', '80:30000/TCP,53/UDP', '<unknown>', '<none>'],
  ],
  [
    { type: 'LoadBalancer' },
    undefined,
    ['LoadBalancer', '<none>', '<pending>', '80/TCP', '<unknown>', '<none>'],
  ],
  [
    { type: 'LoadBalancer', externalIPs: ['9.9.9.9'] },
    { loadBalancer: { ingress: [{ hostname: 'z' }, { ip: '1.1.1.1' }] } },
    ['LoadBalancer', '<none>', '1.1.1.1,z,9.9.9.9', '80/TCP', '<unknown>', '<none>'],
  ],
  [
    { type: 'ExternalName', externalName: 'a.b', ports: [] },
    undefined,
    ['ExternalName', '<none>', 'a.b', '<none>', '<unknown>', '<none>'],
  ],
];

t.test('serviceTable shows how a service is reached', async (t) => {
  for (const [spec, status, cells] of rows) {
    t.same(cellsOf('Service', defaulted('Service', serviceOf(spec, status)))?.slice(1), cells);
  }
});
