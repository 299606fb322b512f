import type { Service, ServiceSpec } from '../../../src/control/api/gen/core-v1.js';
import type { Endpoint, EndpointSlice } from '../../../src/control/api/gen/discovery-v1.js';
import type { NodeFacts } from '../../../src/control/proxy/model/node-facts.js';

/** A service `default/NAME` with one TCP port 80 unless `spec` says otherwise. */
export function service(name: string, spec: ServiceSpec): Service {
  return {
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'default', name } },
    spec: { type: 'ClusterIP', ports: [{ port: 80, protocol: 'TCP' }], ...spec },
  };
}

/** A slice of a service with one port; endpoints without conditions are ready. */
export function slice(
  serviceName: string,
  endpoints: readonly Endpoint[],
  port: {
    readonly name?: string;
    readonly port?: number;
    readonly protocol?: string;
    readonly addressType?: string;
  } = {},
): EndpointSlice {
  const { addressType = 'IPv4', ...rest } = port;
  return {
    metadata: {
      ...{ namespace: 'default', name: `${serviceName}-${addressType.toLowerCase()}` },
      labels: { 'kubernetes.io/service-name': serviceName },
    },
    ...{
      addressType,
      endpoints: [...endpoints],
      ports: [{ name: '', port: 8080, protocol: 'TCP', ...rest }],
    },
  };
}

/** Of a node whose pods live in 10.244.0.0/16. */
export function nodeFacts(change: Partial<NodeFacts> = {}): NodeFacts {
  return {
    ...{ family: 4, nodePortAddresses: 'all', servesLoopbackNodePorts: false },
    podSource: { by: 'cidr', cidr: '10.244.0.0/16' },
    ...{ masqueradesAll: false, masqueradeBit: 14, balance: 'random' },
    ...change,
  };
}
