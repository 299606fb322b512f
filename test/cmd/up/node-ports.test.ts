import t from 'tap';
import { nodePortsOf } from '../../../src/cmd/up/node-ports.js';
import type { Service, ServicePort } from '../../../src/control/api/gen/core-v1.js';

function service(name: string, ports: readonly ServicePort[]): Service {
  return { metadata: { namespace: 'default', name }, spec: { ports: [...ports] } };
}

t.test('nodePortsOf are those of TCP and UDP', (t) => {
  const ports = nodePortsOf([
    service('web', [{ port: 80, nodePort: 30_080 }, { port: 81 }]),
    service('names', [
      { port: 53, protocol: 'UDP', nodePort: 30_053 },
      { port: 53, protocol: 'TCP', nodePort: 30_053 },
      { port: 54, protocol: 'SCTP', nodePort: 30_054 },
    ]),
    { metadata: { name: 'bare' } },
  ]);
  t.same(
    [...ports],
    [
      ['30080/tcp', { protocol: 'tcp', port: 30_080, service: 'default/web' }],
      ['30053/udp', { protocol: 'udp', port: 30_053, service: 'default/names' }],
      ['30053/tcp', { protocol: 'tcp', port: 30_053, service: 'default/names' }],
    ],
  );
  t.end();
});
