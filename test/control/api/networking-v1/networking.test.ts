import t from 'tap';
import { KindRig } from '../kind-rig.js';

const ingresses = new KindRig('networking.k8s.io/v1', 'Ingress');
const classes = new KindRig('networking.k8s.io/v1', 'IngressClass');
const policies = new KindRig('networking.k8s.io/v1', 'NetworkPolicy');
const addresses = new KindRig('networking.k8s.io/v1', 'IPAddress');
const cidrs = new KindRig('networking.k8s.io/v1', 'ServiceCIDR');
const budgets = new KindRig('policy/v1', 'PodDisruptionBudget');

const backend = { service: { name: 'svc', port: { number: 80 } } };
const rule = (path: object, host = 'a.example.com') => ({
  spec: { rules: [{ host, http: { paths: [path] } }] },
});

t.test('Ingress refuses what Kubernetes refuses', async (t) => {
  const path = 'spec.rules[0].http.paths[0]';
  t.same(ingresses.createErrors(rule({ path: '/', pathType: 'Prefix', backend })), []);
  t.same(ingresses.createErrors({ spec: {} }), [
    'spec: Invalid value: null: either `defaultBackend` or `rules` must be specified',
  ]);
  t.same(ingresses.createErrors(rule({ backend })), [
    `${path}.pathType: Required value: pathType must be specified`,
  ]);
  t.same(ingresses.createErrors(rule({ path: 'a//b/..', pathType: 'Exact', backend })), [
    `${path}.path: Invalid value: "a//b/..": must be an absolute path`,
    `${path}.path: Invalid value: "a//b/..": must not contain '//'`,
    `${path}.path: Invalid value: "a//b/..": cannot end with '/..'`,
  ]);
  t.same(ingresses.createErrors(rule({ pathType: 'Some', backend: {} })), [
    `${path}.pathType: Unsupported value: "Some": supported values: "Exact", "ImplementationSpecific", "Prefix"`,
    `${path}.backend: Invalid value: "": resource or service backend is required`,
  ]);
  const two = { service: { name: 'svc', port: { number: 80, name: 'http' } } };
  t.same(ingresses.createErrors({ spec: { defaultBackend: two } }), [
    'spec.defaultBackend: Invalid value: "": cannot set both port name & port number',
  ]);
  t.same(ingresses.createErrors({ spec: { defaultBackend: { service: {} } } }), [
    'spec.defaultBackend.service.name: Required value',
    'spec.defaultBackend: Required value: port name or number is required',
  ]);
  t.same(ingresses.createErrors(rule({ path: '/', pathType: 'Exact', backend }, '10.0.0.1')), [
    'spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
  ]);
});

t.test('Ingress names its class in one way', async (t) => {
  const annotations = { 'kubernetes.io/ingress.class': 'a' };
  const spec = { defaultBackend: backend };
  t.same(
    ingresses.createErrors({ metadata: { annotations }, spec: { ...spec, ingressClassName: 'b' } }),
    [
      'annotations.kubernetes.io/ingress.class: Invalid value: "a": must match `ingressClassName` when both are specified',
    ],
  );
  t.same(ingresses.warnings({ metadata: { annotations }, spec }), [
    'annotation "kubernetes.io/ingress.class" is deprecated, please use \'spec.ingressClassName\' instead',
  ]);
});

t.test('Ingress is shown as kubectl shows it', async (t) => {
  const hosts = ['a.b', 'c.d', 'e.f', 'g.h', 'i.j'];
  const status = {
    loadBalancer: { ingress: [{ ip: '10.0.0.2' }, { hostname: 'long.example.com' }] },
  };
  const spec = { rules: hosts.map((host) => ({ host })), tls: [{}], ingressClassName: 'n' };
  t.same(ingresses.cells({ spec, status }), [
    'x',
    'n',
    'a.b,c.d,e.f + 2 more...',
    '10.0.0.2,long...',
    '80, 443',
    '<unknown>',
  ]);
  t.same(ingresses.cells({ spec: {} }).slice(1, 5), ['<none>', '*', '', '80']);
});

t.test('IngressClass checks its parameters, and keeps its controller', async (t) => {
  const spec = { controller: 'example.com/c' };
  t.same(classes.createErrors({ spec }), []);
  t.same(classes.createErrors({ spec: {} }), ['spec.controller: Required value']);
  t.same(classes.createErrors({ spec: { controller: 'c' } }), [
    'spec.controller: Invalid value: "c": must be a domain-prefixed path (such as "acme.io/foo")',
  ]);
  const parameters = { kind: 'P', name: 'p', scope: 'Namespace' };
  t.same(classes.createErrors({ spec: { ...spec, parameters } }), [
    "spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'",
  ]);
  t.match(classes.created({ spec: { ...spec, parameters: { kind: 'P', name: 'p' } } }).spec, {
    parameters: { scope: 'Cluster' },
  });
  t.same(classes.updateErrors({ spec: { controller: 'example.com/d' } }, { spec }), [
    'spec.controller: Invalid value: "example.com/d": field is immutable',
  ]);
});

t.test('NetworkPolicy is filled in, and refuses what Kubernetes refuses', async (t) => {
  const filled = policies.created({ spec: { egress: [{ ports: [{ port: 53 }] }] } });
  t.match(filled.spec, {
    policyTypes: ['Ingress', 'Egress'],
    egress: [{ ports: [{ port: 53, protocol: 'TCP' }] }],
  });
  t.match(policies.created({ spec: {} }).spec, { policyTypes: ['Ingress'] });
  const from = (peer: object) => policies.createErrors({ spec: { ingress: [{ from: [peer] }] } });
  const peer = 'spec.ingress[0].from[0]';
  t.same(from({}), [`${peer}: Required value: must specify a peer`]);
  t.same(from({ podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }), [
    `${peer}: Forbidden: may not specify both ipBlock and another peer`,
  ]);
  t.same(from({ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/16'] } }), [
    `${peer}.ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of \`cidr\``,
  ]);
  const ports = (port: object) => policies.createErrors({ spec: { ingress: [{ ports: [port] }] } });
  const path = 'spec.ingress[0].ports[0]';
  t.same(ports({ port: 90, endPort: 80 }), [
    `${path}.endPort: Invalid value: 80: must be greater than or equal to \`port\``,
  ]);
  t.same(ports({ endPort: 80 }), [
    `${path}.endPort: Invalid value: 80: may not be specified when \`port\` is not specified`,
  ]);
  t.same(ports({ port: 'http', endPort: 80, protocol: 'ICMP' }), [
    `${path}.protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"`,
    `${path}.endPort: Invalid value: 80: may not be specified when \`port\` is non-numeric`,
  ]);
});

t.test('NetworkPolicy keeps networks that were written before they were checked', async (t) => {
  const spec = { ingress: [{ from: [{ ipBlock: { cidr: '010.0.0.0/8' } }] }] };
  t.equal(policies.createErrors({ spec }).length, 1);
  t.same(policies.updateErrors({ spec }, { spec }), []);
});

t.test('IPAddress is named like its address', async (t) => {
  const parentRef = { resource: 'services', namespace: 'default', name: 'kubernetes' };
  const named = (name: string) => ({ metadata: { name }, spec: { parentRef } });
  t.same(addresses.createErrors(named('10.0.0.1')), []);
  t.same(addresses.createErrors(named('2001:DB8::1')), [
    'metadata.name: Invalid value: "2001:DB8::1": must be in canonical form ("2001:db8::1")',
  ]);
  t.same(addresses.createErrors({ metadata: { name: '10.0.0.1' } }), [
    'spec.parentRef: Required value',
  ]);
  t.equal(addresses.cells(named('10.0.0.1'))[1], 'services/default/kubernetes');
});

t.test('ServiceCIDR takes a network of the other family, and nothing else', async (t) => {
  const of = (...networks: string[]) => ({ spec: { cidrs: networks } });
  const [four, six] = ['10.0.0.0/24', '2001:db8::/64'];
  t.same(cidrs.createErrors(of(four, six)), []);
  t.same(cidrs.createErrors(of()), ['spec.cidrs: Required value: at least one CIDR required']);
  t.same(cidrs.createErrors(of(four, '10.1.0.0/24')), [
    'spec.cidrs: Invalid value: ["10.0.0.0/24","10.1.0.0/24"]: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
  ]);
  t.same(cidrs.updateErrors(of(four, six), of(four)), []);
  t.same(cidrs.updateErrors(of('10.1.0.0/24'), of(four)), [
    'spec.cidrs[0]: Invalid value: "10.1.0.0/24": field is immutable',
  ]);
  t.same(cidrs.updateErrors(of(four), of(four, six)), [
    'spec.cidrs: Invalid value: ["10.0.0.0/24"]: field is immutable',
  ]);
});

t.test('PodDisruptionBudget says one of two things', async (t) => {
  t.same(budgets.createErrors({ spec: { minAvailable: '50%' } }), []);
  t.same(budgets.createErrors({ spec: { minAvailable: 1, maxUnavailable: '101%' } }), [
    'spec: Invalid value: {"MinAvailable":1,"Selector":null,"MaxUnavailable":"101%","UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set',
    'spec.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
  ]);
  const condition = { type: 'DisruptionAllowed', status: 'Yes', reason: '1' };
  t.same(
    budgets.statusErrors({ spec: {}, status: { currentHealthy: -1, conditions: [condition] } }, {}),
    [
      'status.conditions[0].status: Unsupported value: "Yes": supported values: "False", "True", "Unknown"',
      'status.conditions[0].lastTransitionTime: Required value: must be set',
      "status.conditions[0].reason: Invalid value: \"1\": a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')",
      'status.currentHealthy: Invalid value: -1: must be greater than or equal to 0',
    ],
  );
  t.same(budgets.cells({ spec: { minAvailable: 2 }, status: { disruptionsAllowed: 1 } }), [
    'x',
    '2',
    'N/A',
    1,
    '<unknown>',
  ]);
});
