/** `flotilla up --runtime=cri`: the example application on a containerd of its own. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import t from 'tap';
import { until } from '../../client/until.js';
import { isOnPath, skipBecause } from '../project.js';
import { checkAutoscaled, checkDrain, startLoad } from './capacity.js';
import { checkCommands } from './commands.js';
import { checkKillOfAll, checkKillsInTurn, checkPowerLoss, checkStop } from './losses.js';
import { Noticeboard } from './noticeboard.js';
import { deadlineMs, kubectl, WholeCluster } from './whole-cluster.js';

const programs = ['ip', 'nft', 'unshare', 'nsenter', 'busybox', 'containerd', 'ctr', 'runc'];
const missing = programs.filter((name) => !isOnPath(name));
const why =
  (process.geteuid?.() !== 0 && 'this process is not root') ||
  (missing.length > 0 && `not on this machine: ${missing.join(', ')}`) ||
  (!existsSync('/usr/lib/cni/bridge') && "not on this machine: CNI's plugins") ||
  (kubectl === null && 'no kubectl');

t.test('up --runtime=cri: the example application', skipBecause(why), async (t) => {
  const cluster = await WholeCluster.forTest(t, { args: ['--runtime', 'cri', '--nodes', '3'] });
  const board = new Noticeboard(cluster);
  await board.apply();
  await startLoad(cluster);
  await board.pin('node-1', 'in a container');
  const nodes = await cluster.kubectl('get', 'nodes', '-o', 'wide');
  t.equal(nodes.match(/containerd:\/\//g)?.length, 3);

  await checkCommands(t, cluster, board);
  await checkDrain(t, cluster, board);
  await checkAutoscaled(t, cluster, board);

  // The others have nothing to do with what runs containers: the test of processes kills them.
  const programs = cluster.programs().filter((name) => /^(containerd|kubelet)/.test(name));
  await checkKillsInTurn(t, cluster, { board, programs, note: 'in a container' });

  await t.test('a shim is killed: its pod comes back, the others run on', async (t) => {
    const { 'store-0': store = '', ...others } = await board.containers();
    const shim = await shimOf(store);
    process.kill(shim, 'SIGKILL');
    const now = await until(
      'another container of the store',
      async () => {
        const found = await board.containers();
        return found['store-0'] === store ? undefined : found;
      },
      deadlineMs,
    );
    t.match(now, others);
    await board.untilReady();
    await board.pin('node-2', 'after the shim');
  });

  await checkKillOfAll(t, cluster, board);
  await checkPowerLoss(t, cluster, board);
  const notes = ['in a container', 'after all kills', 'after the shim', 'the power was gone'];
  await checkStop(t, cluster, { board, notes });
});

/** The process of containerd's that looks after a pod: the parent of its containers. The container is as {@link Noticeboard.containers} has it. */
async function shimOf(container: string): Promise<number> {
  const id = container.replace(/^containerd:\/\//, '').replace(/\/.*/, '');
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const read = (file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => ''); // It ended.
    if (!(await read('cgroup')).includes(id)) continue;
    const parent = Number(/^PPid:\t(\d+)$/m.exec(await read('status'))?.[1] ?? 0);
    const line = await readFile(`/proc/${parent}/cmdline`, 'utf8').catch(() => '');
    if (line.includes('containerd-shim')) return parent;
  }
  throw new Error(`no shim of ${container}`);
}
