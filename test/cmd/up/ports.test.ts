import t from 'tap';
import { serverPorts } from '../../../src/cmd/up/ports.js';

const plan = { members: [], apiPort: null, network: null, nodes: null };

for (const [apiPort, first] of [
  [6443, 16_443],
  [21_000, 31_000],
  [22_001, 12_001],
  [29_999, 19_999],
] as const) {
  t.test(`serverPorts: behind ${apiPort}, no port that a client may be given`, async (t) => {
    const ports = await serverPorts(plan, apiPort, 2);
    t.equal(new Set(ports).size, 2);
    t.ok(
      ports.every((port) => port >= first && port < 32_768),
      `${ports}`,
    );
  });
}

t.test('serverPorts: one server has the port itself', async (t) => {
  t.same(await serverPorts(plan, 6443, 1), [6443]);
});
