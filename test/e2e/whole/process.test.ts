/**
 * `flotilla up` with three nodes and the example application, as a person uses them: everything that the README promises, in the order of a
 * day, and what happens when programs are killed.
 */
import t from 'tap';
import { until } from '../../client/until.js';
import { isOnPath, skipBecause } from '../project.js';
import { checkAutoscaled, checkDrain, startLoad } from './capacity.js';
import { checkCommands } from './commands.js';
import { checkKillOfAll, checkKillsInTurn, checkPowerLoss, checkStop } from './losses.js';
import { Noticeboard, textOf } from './noticeboard.js';
import { deadlineMs, kubectl, WholeCluster } from './whole-cluster.js';

const missing = ['ip', 'nft', 'unshare', 'nsenter', 'busybox'].filter((name) => !isOnPath(name));
const why =
  (process.geteuid?.() !== 0 && 'this process is not root') ||
  (missing.length > 0 && `not on this machine: ${missing.join(', ')}`) ||
  (kubectl === null && 'no kubectl');

t.test(
  'up --nodes 3, the example application, processes as containers',
  skipBecause(why),
  async (t) => {
    const cluster = await WholeCluster.forTest(t, { args: ['--nodes', '3'] });
    const board = new Noticeboard(cluster);
    await board.apply();
    await startLoad(cluster);

    await t.test('the port of every node leads to the page', async (t) => {
      for (const node of ['node-1', 'node-2', 'node-3']) {
        await board.pin(node, `pinned by ${node}`);
        t.pass(node);
      }
      const cluster = await board.kubectl('get', 'svc', 'web', '-o', 'jsonpath={.spec.clusterIP}');
      const page = () => textOf(fetch(`http://${cluster}/cgi-bin/board`));
      const isThere = async () => (await page()).includes('pinned by node-1');
      await until('the page by its cluster IP', isThere, deadlineMs);
      t.pass('the machine reaches cluster IPs too');
    });

    await checkCommands(t, cluster, board);

    await checkDrain(t, cluster, board);
    await checkAutoscaled(t, cluster, board);
    const programs = cluster.programs();
    await checkKillsInTurn(t, cluster, { board, programs, note: 'pinned by node-1' });
    await checkKillOfAll(t, cluster, board);
    await checkPowerLoss(t, cluster, board);
    const notes = ['pinned by node-1', 'after all kills', 'after the loss', 'the power was gone'];
    await checkStop(t, cluster, { board, notes });
  },
);
