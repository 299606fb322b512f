/** `flotilla up` for who is not root: what cannot be is said, the rest works. */
import t from 'tap';
import { until } from '../../client/until.js';
import { freePorts } from '../ports.js';
import { isOnPath, skipBecause } from '../project.js';
import { textOf } from './noticeboard.js';
import { deadlineMs, kubectl, WholeCluster } from './whole-cluster.js';

const isRoot = process.geteuid?.() === 0;
const why =
  (isRoot && !isOnPath('setpriv') && 'not on this machine: setpriv') ||
  (!isOnPath('busybox') && 'not on this machine: busybox') ||
  (kubectl === null && 'no kubectl');
const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];

t.test('up without root: pods are plain processes of one user', skipBecause(why), async (t) => {
  const cluster = await WholeCluster.forTest(t, {
    args: ['--nodes', '2', '--simulated-nodes', '3'],
    as: isRoot ? nobody : [],
  });
  t.match(
    cluster.out,
    /nodes share this machine's network and pods are not isolated: this is not run as root/,
  );
  const [port = 0] = await freePorts(1);
  const script = `echo hello from $$; mkdir -p "$TMPDIR/w"; echo page >"$TMPDIR/w/index.html"; exec busybox httpd -f -p ${port} -h "$TMPDIR/w"`;
  await cluster.kubectl(
    'run',
    'web',
    '--image=host',
    `--port=${port}`,
    `--env=TMPDIR=${cluster.dir}`,
    '--',
    'sh',
    '-c',
    script,
  );
  await cluster.kubectl(
    'wait',
    '--for=condition=Ready',
    'pod/web',
    `--timeout=${deadlineMs / 1000}s`,
  );
  // It runs, and is ready, before its first word is written.
  t.match(await cluster.untilShown(/\S/, 'logs', 'web'), /hello from/);
  t.match(await cluster.kubectl('exec', 'web', '--', 'id', '-u'), isRoot ? '65534' : /\d+/);
  await cluster.kubectl('expose', 'pod', 'web', '--type=NodePort');
  const nodePort = await cluster.kubectl(
    'get',
    'svc',
    'web',
    '-o',
    'jsonpath={.spec.ports[0].nodePort}',
  );
  const page = await until(
    'the page',
    () => textOf(fetch(`http://127.0.0.1:${nodePort}/`)),
    deadlineMs,
  );
  t.equal(page, 'page\n', 'a node port needs no root');
  const node = await cluster.kubectl('get', 'pod', 'web', '-o', 'jsonpath={.spec.nodeName}');
  t.match(node, /^node-[12]$/, 'not on a node that only pretends');

  t.equal(await cluster.stop(), 0);
  await t.rejects(fetch(`http://127.0.0.1:${port}/`), 'the pod has ended');
  await cluster.start();
  await cluster.kubectl(
    'wait',
    '--for=condition=Ready',
    'pod/web',
    `--timeout=${deadlineMs / 1000}s`,
  );
  await until(
    'the page again',
    () =>
      fetch(`http://127.0.0.1:${port}/`).then(
        (r) => r.ok,
        () => false,
      ),
    deadlineMs,
  );
  t.equal(await cluster.stop(), 0);
});
