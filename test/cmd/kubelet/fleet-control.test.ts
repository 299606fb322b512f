import t from 'tap';
import { silentLogger } from '../../../src/base/logger.js';
import { Prng } from '../../../src/base/prng.js';
import { serveFleetControl } from '../../../src/cmd/kubelet/fleet-control.js';
import { startTestEnv } from '../../../src/cmd/testenv/index.js';
import {
  nodeNames,
  SimulatedNodes,
  simulatedDefaults,
} from '../../../src/control/kubelet/simulated/index.js';
import { hostClock } from '../../../src/host/clock.js';

t.test('serveFleetControl: nodes are stopped and started by order', async (t) => {
  const env = await startTestEnv();
  t.teardown(() => env.close());
  const parts = { client: env.client, clock: hostClock, prng: new Prng(1), logger: silentLogger };
  const nodes = new SimulatedNodes(parts, {
    ...{ names: nodeNames('node', 2, 0), firstIndex: 0, hasEvents: false, writers: 2 },
    ...{ node: simulatedDefaults.node, pod: simulatedDefaults.pod },
  });
  const control = await serveFleetControl(nodes, 0, parts);
  t.teardown(() => control.close());
  const rows = [
    ['GET', '/nodes', 200],
    ['POST', '/nodes/node-1/stop', 200],
    ['POST', '/nodes/node-9/stop', 404],
    ['GET', '/nodes/node-1/stop', 405],
    ['DELETE', '/nodes', 405],
    ['GET', '/', 404],
    ['POST', '/nodes/node-1/explode', 404],
  ] as const;
  for (const [method, path, status] of rows) {
    const answer = await fetch(`${control.url}${path}`, { method });
    t.equal(answer.status, status, `${method} ${path}`);
    await answer.text();
  }
  const running = () => nodes.state.nodes.map(({ isRunning }) => isRunning);
  t.same(running(), [true, false]);
  await (await fetch(`${control.url}/nodes/node-1/start`, { method: 'POST' })).text();
  t.same(running(), [true, true]);
});
