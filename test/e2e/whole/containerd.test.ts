/** `flotilla up --runtime=cri`: the example application on a containerd of its own. */
import { existsSync } from 'node:fs';
import t from 'tap';
import { isOnPath, skipBecause } from '../project.js';
import { Noticeboard } from './noticeboard.js';
import { tracesOf } from './traces.js';
import { deadlineMs, kubectl, WholeCluster } from './whole-cluster.js';

t.setTimeout(900_000);

const programs = ['ip', 'nft', 'unshare', 'nsenter', 'busybox', 'containerd', 'ctr', 'runc'];
const missing = programs.filter((name) => !isOnPath(name));
const why =
  (process.geteuid?.() !== 0 && 'this process is not root') ||
  (missing.length > 0 && `not on this machine: ${missing.join(', ')}`) ||
  (!existsSync('/usr/lib/cni/bridge') && "not on this machine: CNI's plugins") ||
  (kubectl === null && 'no kubectl');

t.test('up --runtime=cri: the example application', skipBecause(why), async (t) => {
  const cluster = await WholeCluster.forTest(t, { args: ['--runtime', 'cri', '--nodes', '2'] });
  const board = new Noticeboard(cluster);
  await board.apply();
  await board.pin('node-1', 'in a container');
  const nodes = await cluster.kubectl('get', 'nodes', '-o', 'wide');
  t.equal(nodes.match(/containerd:\/\//g)?.length, 2);

  await t.test('logs, exec, cp, port-forward', async (t) => {
    await cluster.untilShown(/response:200/, '-n', 'noticeboard', 'logs', 'deploy/web');
    t.equal(await board.kubectl('exec', 'store-0', '--', 'hostname'), 'store-0\n');
    const refused = await cluster.tries(
      '-n',
      'noticeboard',
      'exec',
      'store-0',
      '--',
      'sh',
      '-c',
      'exit 7',
    );
    t.equal(refused.code, 7, 'the exit code comes through');
    await cluster.untilShown(
      /words/,
      '-n',
      'noticeboard',
      'exec',
      'store-0',
      '--',
      'echo',
      'words',
    );
    const policy = 'nc -w 3 store-0.store 8080 </dev/null && echo yes || echo no';
    t.equal((await board.kubectl('exec', 'deploy/web', '--', 'sh', '-c', policy)).trim(), 'no');
  });

  await t.test('containerd and kubelets are killed: containers run on', async (t) => {
    const before = await board.containers();
    for (const name of cluster.programs().filter((each) => /^(containerd|kubelet)/.test(each)))
      await cluster.killProgram(name);
    await cluster.untilShown(
      /created/,
      ...['create', 'deployment', 'after'],
      ...['--image=flotilla.local/base:1', '--', 'sleep', '100000'],
    );
    await cluster.kubectl('rollout', 'status', 'deploy/after', `--timeout=${deadlineMs / 1000}s`);
    await board.pin('node-2', 'after kills');
    t.same(await board.containers(), before);
  });

  await t.test('stopped it leaves nothing, started again everything is back', async (t) => {
    t.equal(await cluster.stop(), 0);
    t.same(await tracesOf(cluster.dir), []);
    await cluster.start();
    await board.untilReady();
    await board.pin('node-1', 'after the stop');
    t.match(await board.page('node-2'), 'in a container');
    t.equal(await cluster.stop(), 0);
    t.same(await tracesOf(cluster.dir), []);
  });
});
