import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { until } from '../../client/until.js';
import type { Noticeboard } from './noticeboard.js';
import { deadlineMs, type WholeCluster } from './whole-cluster.js';

/** What people do with an application that runs: look into it, reach it, change it. Each is a test of its own. */
export async function checkCommands(
  t: Test,
  cluster: WholeCluster,
  board: Noticeboard,
): Promise<void> {
  const exec = (name: string, script: string) =>
    board.kubectl('exec', name, '--', 'sh', '-c', script);

  await t.test('a pod finds services by name, in all ways', async (t) => {
    // A name that is not answered for in time is asked for again, as programs do.
    const untilSaid = (script: string, wanted: RegExp) =>
      cluster.untilShown(
        wanted,
        ...['-n', 'noticeboard', 'exec', 'deploy/web', '--', 'sh', '-c', script],
      );
    const page = 'wget -q -O- http://web/cgi-bin/board';
    const short = await untilSaid(page, /<h1>/);
    t.match(short, '<h1>Notice board</h1>', 'the Service, by its short name');
    const names =
      'nslookup api.noticeboard.svc.cluster.local; nslookup store-0.store.noticeboard.svc.cluster.local';
    const said = await untilSaid(names, /^Name:.*^Name:/ms);
    const [, first, second] = said.split(/^Name:.*$/m);
    t.match(first, /Address: 10\.\d+/, 'the address of a Service');
    t.match(second, /Address: 10\.\d+/, 'the address of a pod of a StatefulSet');
  });

  await t.test('network policies: the API reaches the store, the page does not', async (t) => {
    const ask = (seconds: number) =>
      `nc -w ${seconds} store-0.store 8080 </dev/null && echo yes || echo no`;
    t.equal((await exec('deploy/api', ask(60))).trim(), 'yes');
    t.equal((await exec('deploy/web', ask(3))).trim(), 'no');
  });

  await t.test('port-forward leads to a Service', async (t) => {
    const forward = cluster.kubectlBeside('-n', 'noticeboard', 'port-forward', 'svc/web', ':80');
    try {
      const port = await until(
        'the port',
        () => /127\.0\.0\.1:(\d+) ->/.exec(forward.output())?.[1],
        deadlineMs,
      );
      // The answer has no length: it is over when the pod ends the connection.
      const signal = AbortSignal.timeout(deadlineMs);
      const page = await fetch(`http://127.0.0.1:${port}/cgi-bin/board`, { signal });
      t.match(await page.text(), '<h1>Notice board</h1>');
    } finally {
      await forward.stop();
    }
  });

  await t.test('logs -f and attach show what is written from now on', async (t) => {
    for (const args of [
      ['logs', '-f', '--tail=1', 'deploy/worker'],
      ['attach', 'deploy/worker'],
    ]) {
      const beside = cluster.kubectlBeside('-n', 'noticeboard', ...args);
      const lines = () => beside.output().match(/notes; the word/g)?.length ?? 0;
      await until(`lines of kubectl ${args[0]}`, () => lines() >= 2, deadlineMs);
      await beside.stop();
      t.pass(args.join(' '));
    }
  });

  await t.test('cp copies in and out', async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'cp-'));
    t.teardown(() => rm(dir, { recursive: true }));
    const text = 'text\n'.repeat(20_000);
    await writeFile(join(dir, 'in'), text);
    await board.kubectl('cp', join(dir, 'in'), 'store-0:/data/copied');
    await board.kubectl('cp', 'store-0:/data/copied', join(dir, 'out'));
    t.equal(await readFile(join(dir, 'out'), 'utf8'), text);
    await exec('store-0', 'rm /data/copied');
  });

  await t.test('debug adds a container that sees the pod', async (t) => {
    const image = '--image=flotilla.local/base:1';
    const script = 'hostname; nc -w 60 127.0.0.1 8080 </dev/null && echo reached';
    await board.kubectl('debug', 'store-0', image, '-c', 'visitor', '--', 'sh', '-c', script);
    const log = await cluster.untilShown(
      /reached/,
      ...['-n', 'noticeboard', 'logs', 'store-0', '-c', 'visitor'],
    );
    t.match(log, /store-0/);
  });

  await t.test('top shows what nodes and pods use', async (t) => {
    t.match(await cluster.untilShown(/node-1 +\d+m/, 'top', 'nodes'), /Mi/);
    await cluster.untilShown(/store-0 +\d+m/, '-n', 'noticeboard', 'top', 'pods');
    t.pass('pods');
  });

  await t.test('the API server has the dashboard', async (t) => {
    t.match(await cluster.kubectl('get', '--raw', '/dashboard'), /<title>Flotilla<\/title>/);
  });

  await t.test('scale and roll out', async (t) => {
    await board.kubectl('scale', 'deploy/api', '--replicas=1');
    await board.kubectl('set', 'env', 'deploy/api', 'ROUND=2');
    await board.untilReady();
    t.equal(
      (await board.kubectl('get', 'deploy/api', '-o', 'jsonpath={.status.updatedReplicas}')).trim(),
      '1',
    );
    // A pod of before that is still going may be the one that kubectl takes.
    const round = (wanted: RegExp) =>
      cluster.untilShown(
        wanted,
        ...['-n', 'noticeboard', 'exec', 'deploy/api', '--', 'sh', '-c', 'echo "[$ROUND]"'],
      );
    await round(/^\[2\]$/m);
    await board.kubectl('rollout', 'undo', 'deploy/api');
    await board.untilReady();
    await round(/^\[\]$/m);
    t.pass('the change and its undoing have come to the container');
  });
}
