import t from 'tap';
import { nodePortsOf } from '../../../src/cmd/up/node-ports.js';
import type { Service, ServicePort } from '../../../src/control/api/gen/core-v1.js';

function service(name: string, ports: readonly ServicePort[]): Service {
  return { metadata: { namespace: 'default', name }, spec: { ports: [...ports] } };
}

t.test('nodePortsOf are those of TCP', (t) => {
  const ports = nodePortsOf([
    service('web', [{ port: 80, nodePort: 30_080 }, { port: 81 }]),
    service('names', [
      { port: 53, protocol: 'UDP', nodePort: 30_053 },
      { port: 53, protocol: 'TCP', nodePort: 30_054 },
    ]),
    { metadata: { name: 'bare' } },
  ]);
  t.same(
    [...ports],
    [
      [30_080, 'default/web'],
      [30_054, 'default/names'],
    ],
  );
  t.end();
});
