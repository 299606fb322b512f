import type { Service } from '../../../src/control/api/gen/core-v1.js';
import type { Endpoint, EndpointSlice } from '../../../src/control/api/gen/discovery-v1.js';
import type { NodeFacts } from '../../../src/control/proxy/model/node-facts.js';
import { nodeFacts, service, slice } from './objects.js';

/** Services whose rules are written down for each mode. */
export interface GoldenCase {
  readonly name: string;
  readonly services: readonly (readonly [Service, ...EndpointSlice[]])[];
  readonly facts: NodeFacts;
}

const clusterIP = '10.96.0.10';
const here: Endpoint = { addresses: ['10.244.1.2'], nodeName: 'n1' };
const there: Endpoint = { addresses: ['10.244.2.2'], nodeName: 'n2' };
const two = slice('web', [here, there]);
const nodePort = { clusterIP, type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] };
const affinity = {
  ...{ clusterIP, sessionAffinity: 'ClientIP' },
  sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
};
const udp = { name: 'dns', protocol: 'UDP' };
const sctp = { name: 'sig', protocol: 'SCTP' };

function balanced(spec: Service['spec']): Service {
  return {
    ...service('web', { clusterIP, type: 'LoadBalancer', ...spec }),
    status: { loadBalancer: { ingress: [{ ip: '198.51.100.8' }] } },
  };
}

function golden(
  name: string,
  services: GoldenCase['services'],
  facts: Partial<NodeFacts> = {},
): GoldenCase {
  return { name, services, facts: nodeFacts(facts) };
}

/** In the order in which they are written. */
export const goldenCases: readonly GoldenCase[] = [
  golden('no services', []),
  golden('a cluster IP with two endpoints', [[service('web', { clusterIP }), two]]),
  golden('no endpoints', [[service('web', nodePort)]]),
  golden('an endpoint that is about to go is the last resort', [
    [
      service('web', { clusterIP }),
      slice('web', [{ ...there, conditions: { ready: false, serving: true, terminating: true } }]),
    ],
  ]),
  golden('a node port and an external IP', [
    [service('web', { ...nodePort, externalIPs: ['198.51.100.7'] }), two],
  ]),
  golden('node ports on one address', [[service('web', nodePort), two]], {
    nodePortAddresses: ['192.0.2.1'],
  }),
  golden('node ports on loopback addresses', [[service('web', nodePort), two]], {
    servesLoopbackNodePorts: true,
  }),
  golden('external policy Local', [
    [service('web', { ...nodePort, externalTrafficPolicy: 'Local' }), two],
  ]),
  golden('external policy Local, without an endpoint here', [
    [service('web', { ...nodePort, externalTrafficPolicy: 'Local' }), slice('web', [there])],
  ]),
  golden('internal policy Local', [
    [service('web', { clusterIP, internalTrafficPolicy: 'Local' }), two],
  ]),
  golden('a load balancer with source ranges', [
    [balanced({ loadBalancerSourceRanges: ['192.0.2.0/24', '203.0.113.0/24'] }), two],
  ]),
  golden('session affinity', [[service('web', affinity), two]]),
  golden('UDP and SCTP', [
    [service('dns', { clusterIP, ports: [{ ...udp, port: 53 }] }), slice('dns', [here], udp)],
    [
      service('sig', {
        clusterIP: '10.96.0.11',
        ports: [{ ...sctp, port: 2905, nodePort: 30081 }],
      }),
      slice('sig', [there], sctp),
    ],
  ]),
  golden('two services of one external IP: the first gets it', [
    [service('a', { clusterIP, externalIPs: ['198.51.100.7'] }), slice('a', [here])],
    [service('b', { clusterIP: '10.96.0.11', externalIPs: ['198.51.100.7'] }), slice('b', [there])],
  ]),
  golden('everything is masqueraded', [[service('web', { clusterIP }), two]], {
    masqueradesAll: true,
  }),
  golden('pods are told by the bridge that they come by', [[service('web', { clusterIP }), two]], {
    podSource: { by: 'interface', name: 'br0', isPrefix: false },
  }),
  golden('pods are told by how their interfaces begin', [[service('web', { clusterIP }), two]], {
    podSource: { by: 'interface', name: 'veth', isPrefix: true },
  }),
  golden('endpoints take turns', [[service('web', { clusterIP }), two]], {
    balance: 'round-robin',
  }),
  golden(
    'IPv6',
    [
      [
        service('web', { ...nodePort, clusterIP: 'fd00:96::a' }),
        slice('web', [{ addresses: ['fd00:244::2'], nodeName: 'n1' }], { addressType: 'IPv6' }),
      ],
    ],
    { family: 6, podSource: { by: 'cidr', cidr: 'fd00:244::/64' } },
  ),
];
