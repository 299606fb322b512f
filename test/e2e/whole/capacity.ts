import type { Test } from 'tap';
import { until } from '../../client/until.js';
import type { Noticeboard } from './noticeboard.js';
import { deadlineMs, type WholeCluster } from './whole-cluster.js';

const timeout = `--timeout=${deadlineMs / 1000}s`;
const base = '--image=flotilla.local/base:1';

/** Load for the autoscaler, which takes its time: {@link checkAutoscaled} looks at what came of it later. */
export async function startLoad(cluster: WholeCluster): Promise<void> {
  const loop = ['--', 'sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.01; done'];
  await cluster.kubectl('create', 'deployment', 'burner', base, ...loop);
  await cluster.kubectl('set', 'resources', 'deploy/burner', '--requests=cpu=1m');
  await cluster.kubectl('autoscale', 'deploy/burner', '--min=1', '--max=2', '--cpu-percent=50');
}

/** What happens by itself in the course of time. */
export async function checkAutoscaled(
  t: Test,
  cluster: WholeCluster,
  board: Noticeboard,
): Promise<void> {
  await t.test('the autoscaler scales, and the job of every minute has run', async (t) => {
    await cluster.untilShown(/^2$/, 'get', 'deploy/burner', '-o', 'jsonpath={.spec.replicas}');
    await cluster.kubectl('delete', 'hpa,deployment', 'burner');
    const hasRun = async () => (await board.page('node-1')).includes('water the plants');
    await until('the reminder', hasRun, deadlineMs);
    t.pass('both');
  });
}

/** One of several nodes is taken out of service, and back. */
export async function checkDrain(
  t: Test,
  cluster: WholeCluster,
  board: Noticeboard,
): Promise<void> {
  await t.test('a node that is drained has no pods, and has some again afterwards', async (t) => {
    const options = ['--ignore-daemonsets', '--delete-emptydir-data', '--force', timeout];
    await cluster.kubectl('drain', 'node-2', ...options);
    const selector = '--field-selector=spec.nodeName=node-2,status.phase=Running';
    // The pod of a job that was on its way to the node runs to its end there.
    const names = 'jsonpath=[{.items[*].metadata.name}]';
    const none = await cluster.untilShown(/^\[\]$/, 'get', 'pods', '-A', '-o', names, selector);
    t.equal(none, '[]');
    await board.untilReady();
    await board.pin('node-2', 'by a drained node');
    await cluster.kubectl('uncordon', 'node-2');
    const command = ['--', 'sleep', '100000'];
    await cluster.kubectl('create', 'deployment', 'spread', base, '--replicas=6', ...command);
    await cluster.untilShown(/node-2/, 'get', 'pods', '-l', 'app=spread', '-o', 'wide');
    await cluster.kubectl('delete', 'deployment', 'spread');
  });
}
