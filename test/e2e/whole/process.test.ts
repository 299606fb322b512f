/**
 * `flotilla up` with three nodes and the example application, as a person uses them: everything that the README promises, in the order of a
 * day, and what happens when programs are killed.
 */
import t from 'tap';
import { until } from '../../client/until.js';
import { isOnPath, skipBecause } from '../project.js';
import { checkCommands } from './commands.js';
import { Noticeboard } from './noticeboard.js';
import { tracesOf } from './traces.js';
import { deadlineMs, kubectl, WholeCluster } from './whole-cluster.js';

t.setTimeout(1_200_000);

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
    // Load for the autoscaler, which takes its time: looked at in the end.
    const burn = ['create', 'deployment', 'burner', '--image=flotilla.local/base:1'];
    await cluster.kubectl(...burn, '--', 'sh', '-c', 'while :; do sleep 0.01; done');
    await cluster.kubectl('set', 'resources', 'deploy/burner', '--requests=cpu=1m');
    await cluster.kubectl('autoscale', 'deploy/burner', '--min=1', '--max=2', '--cpu-percent=50');

    await t.test('the port of every node leads to the page', async (t) => {
      for (const node of ['node-1', 'node-2', 'node-3']) {
        await board.pin(node, `pinned by ${node}`);
        t.pass(node);
      }
      const cluster = await board.kubectl('get', 'svc', 'web', '-o', 'jsonpath={.spec.clusterIP}');
      const page = await fetch(`http://${cluster}/cgi-bin/board`);
      t.match(await page.text(), 'pinned by node-1', 'the machine reaches cluster IPs too');
    });

    await checkCommands(t, cluster, board);

    await t.test('a node that is drained has no pods, and has some again afterwards', async (t) => {
      await cluster.kubectl(
        ...['drain', 'node-2', '--ignore-daemonsets', '--delete-emptydir-data', '--force'],
        `--timeout=${deadlineMs / 1000}s`,
      );
      const left = ['get', 'pods', '-A', '-o', 'name', '--field-selector=spec.nodeName=node-2'];
      t.equal(
        await cluster.kubectl(
          ...left,
          '--field-selector=spec.nodeName=node-2,status.phase=Running',
        ),
        '',
      );
      await board.untilReady();
      await board.pin('node-2', 'by a drained node');
      await cluster.kubectl('uncordon', 'node-2');
      await cluster.kubectl(
        'create',
        'deployment',
        'spread',
        '--image=flotilla.local/base:1',
        '--replicas=6',
        '--',
        'sleep',
        '100000',
      );
      await cluster.untilShown(/node-2/, 'get', 'pods', '-l', 'app=spread', '-o', 'wide');
      await cluster.kubectl('delete', 'deployment', 'spread');
    });

    await t.test('the autoscaler scales, and the job of every minute has run', async (t) => {
      await cluster.untilShown(/^2$/, 'get', 'deploy/burner', '-o', 'jsonpath={.spec.replicas}');
      await cluster.kubectl('delete', 'hpa,deployment', 'burner');
      await until(
        'the reminder',
        async () => (await board.page('node-1')).includes('water the plants'),
        deadlineMs,
      );
      t.pass('both');
    });

    await t.test(
      'every program is killed in turn: pods run on, and the cluster heals',
      async (t) => {
        const before = await board.containers();
        t.ok(Object.keys(before).length >= 5, 'pods');
        const url = `http://${await board.nodeAddress('node-3')}:30080`;
        const here = await fetch('http://127.0.0.1:30080/index.html');
        t.equal(here.status, 200, 'node ports are on this machine too');
        for (const name of cluster.programs()) {
          await cluster.killProgram(name);
          const index = await fetch(`${url}/index.html`);
          t.equal(index.status, 200, `served without ${name}`);
          // The page asks for names: those take a moment when the name server was killed.
          const hasNotes = async () => {
            const page = await fetch(`${url}/cgi-bin/board`).catch(() => null);
            return (await page?.text())?.includes('pinned by node-1') === true;
          };
          await until(`the notes without ${name}`, hasNotes, deadlineMs);
        }
        const made = [
          'create',
          'deployment',
          'after',
          '--image=flotilla.local/base:1',
          '--',
          'sleep',
          '100000',
        ];
        await cluster.untilShown(/created/, ...made);
        await cluster.kubectl(
          'rollout',
          'status',
          'deploy/after',
          `--timeout=${deadlineMs / 1000}s`,
        );
        await board.pin('node-1', 'after all kills');
        const after = await board.containers();
        t.same(after, before, 'the same containers, none started again');
      },
    );

    await t.test(
      'all programs are killed at once: pods run on, and `up` takes them over',
      async (t) => {
        const before = await board.containers();
        const address = await board.nodeAddress('node-1');
        await cluster.killAll();
        const page = await fetch(`http://${address}:30080/index.html`);
        t.equal(page.status, 200, 'served without a cluster');
        await cluster.start();
        await board.untilReady();
        t.same(await board.containers(), before, 'the same containers');
        await board.pin('node-2', 'after the loss');
      },
    );

    await t.test('stopped it leaves nothing, started again everything is back', async (t) => {
      t.equal(await cluster.stop(), 0);
      t.same(await tracesOf(cluster.dir), []);
      await cluster.start();
      await board.untilReady();
      await board.pin('node-3', 'after the stop');
      const page = await board.page('node-1');
      for (const note of ['pinned by node-1', 'after all kills', 'after the loss'])
        t.match(page, note, 'the volume has all notes');
      t.equal(await cluster.stop(), 0);
      t.same(await tracesOf(cluster.dir), []);
    });
  },
);
