import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { startTestEnv } from '../../src/cmd/testenv/index.js';
import { resources } from '../../src/control/client/index.js';
import type { EntryAddress } from '../../src/control/proxy/index.js';
import { runCommand, runToSuccess } from '../../src/host/command.js';
import { hostMachine } from '../../src/host/machine.js';
import { until } from '../client/until.js';
import {
  askFrom,
  attachOutside,
  attachPod,
  type LabNode,
  labHost,
  needsNetwork,
  serve,
} from '../control/proxy/network-lab.js';
import { freePorts } from './ports.js';
import { flotillaBin } from './project.js';

const deadlineMs = 60_000;
const withinNode = process.env.PROXY_TEST_NODE;

/** The node is the namespace that this process runs in. */
const here: LabNode = {
  name: withinNode ?? '',
  run: runCommand,
  ok: (line) => {
    const [command = '', ...args] = line.split(' ');
    return runToSuccess(runCommand, { command, args });
  },
};

async function startProxy(
  t: Test,
  flags: readonly string[],
): Promise<{ readonly lines: string[]; stop(): Promise<unknown> }> {
  const child = spawn(process.execPath, [flotillaBin, 'proxy', ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const stop = () => {
    child.kill('SIGTERM');
    return exited;
  };
  t.teardown(stop);
  const lines: string[] = [];
  createInterface(child.stderr).on('line', (line) => lines.push(line));
  await until(
    'it works',
    async () => {
      if (child.exitCode !== null) throw new Error(lines.join('\n'));
      // The ports are listened on one after the other.
      const asked = [10256, 10249].map((port) => fetch(`http://127.0.0.1:${port}/healthz`));
      const answers = await Promise.all(asked).catch(() => []);
      return answers.length > 0 && answers.every(({ status }) => status === 200);
    },
    deadlineMs,
  );
  return { lines, stop };
}

if (withinNode === undefined) {
  const ids = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  const isReadable = spawnSync(process.execPath, [flotillaBin, '--version'], ids).status === 0;
  const skip = !isReadable && 'who is not root cannot read the built project here';
  t.test('flotilla proxy needs no root for node ports and loopback', { skip }, async (t) => {
    const env = await startTestEnv();
    t.teardown(() => env.close());
    const endpoint = createServer((socket) => socket.on('error', () => {}).end('a'));
    // The API takes no loopback addresses for endpoints.
    const [own = ''] = (await hostMachine.addresses()).filter((ip) => !/:|^127\./.test(ip));
    endpoint.listen(0, own);
    await once(endpoint, 'listening');
    t.teardown(() => endpoint.close());
    await env.client.objects(resources.services).create({
      metadata: { namespace: 'default', name: 'web' },
      spec: { type: 'NodePort', ports: [{ port: 80 }] },
    });
    await env.client.objects(resources.endpointSlices).create({
      metadata: {
        namespace: 'default',
        name: 'web-1',
        labels: { 'kubernetes.io/service-name': 'web' },
      },
      ...{ addressType: 'IPv4', endpoints: [{ addresses: [own] }] },
      ports: [{ name: '', port: (endpoint.address() as AddressInfo).port, protocol: 'TCP' }],
    });
    const kubeconfig = join(env.dir, 'anyone.kubeconfig');
    await writeFile(kubeconfig, await readFile(env.kubeconfig), { mode: 0o644 });
    await chmod(env.dir, 0o755);
    const [port = 0] = await freePorts(1);
    const flags = [
      ...['proxy', `--kubeconfig=${kubeconfig}`, '--hostname-override=n1'],
      ...['--healthz-bind-address=', `--metrics-bind-address=127.0.0.1:${port}`],
    ];
    const child = spawn(process.execPath, [flotillaBin, ...flags], { stdio: 'ignore', ...ids });
    const exited = once(child, 'exit');
    t.teardown(() => {
      child.kill('SIGTERM');
      return exited;
    });
    const ask = (path: string) =>
      fetch(`http://127.0.0.1:${port}${path}`).then(
        (answer) => answer.text(),
        () => '',
      );
    await until('it serves', async () => (await ask('/proxyMode')) === 'userspace', deadlineMs);
    const web = await until(
      'the service has its ways in',
      async () => {
        const rows = JSON.parse((await ask('/serviceAddresses')) || '[]') as EntryAddress[];
        const found = rows.filter(({ service }) => service === 'default/web');
        return found.length === 2 ? found : undefined;
      },
      deadlineMs,
    );
    t.match(web, [{ listens: /^127\.0\.0\.1:/, destination: /:80$/ }, { listens: /^0\.0\.0\.0:/ }]);
    for (const { listens } of web) {
      const socket = connect({ host: '127.0.0.1', port: Number(listens.split(':')[1]) });
      t.equal(String((await once(socket, 'data'))[0]), 'a', listens);
      socket.destroy();
    }
  });

  t.test('flotilla proxy on a node of its own', needsNetwork('nft', 'conntrack'), async (t) => {
    const node = await labHost(t, 'node', ['10.244.0.1/24']);
    const env = { ...process.env, PROXY_TEST_NODE: node.name };
    const words = ['netns', 'exec', node.name, process.execPath, import.meta.filename];
    // What it prints is a report of its own, and no part of this one.
    const run = spawnSync('ip', words, { env, encoding: 'utf8' });
    if (run.status !== 0) t.comment(`${run.stdout}${run.stderr}`);
    t.equal(run.status, 0);
  });
} else {
  t.test('flotilla proxy serves what the API server has', async (t) => {
    const env = await startTestEnv();
    t.teardown(() => env.close());
    const a = await attachPod(t, here, 'a', ['10.244.0.2/24']);
    const client = await attachPod(t, here, 'c', ['10.244.0.4/24']);
    const outside = await attachOutside(t, here);
    await serve(t, a, { says: 'a', port: 8080 });
    const config = join(env.dir, 'proxy.yaml');
    await writeFile(
      config,
      'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nclusterCIDR: 10.244.0.0/16\nnftables:\n  minSyncPeriod: 10ms\n',
    );
    const flags = [
      `--kubeconfig=${env.kubeconfig}`,
      `--config=${config}`,
      '--hostname-override=n1',
      '--pod-network',
    ];
    await env.client.objects(resources.nodes).create({ metadata: { name: 'n1' } });
    const proxy = await startProxy(t, [...flags, '--nodeport-addresses=0.0.0.0/0']);
    t.equal(await (await fetch('http://127.0.0.1:10249/proxyMode')).text(), 'nftables');
    const services = env.client.objects(resources.services);
    const slices = env.client.objects(resources.endpointSlices);
    const web = await services.create({
      metadata: { namespace: 'default', name: 'web' },
      spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', ports: [{ port: 80 }] },
    });
    const ip = web.spec?.clusterIP ?? '';
    const answers = async (at: LabNode, host: string, port: number, text: RegExp | string) =>
      until(
        `${host}:${port} answers ${text}`,
        async () => {
          const [answer = ''] = await askFrom(t, at, host, port, { silentMs: 2000 });
          return (typeof text === 'string' ? answer === text : text.test(answer)) || undefined;
        },
        deadlineMs,
      );
    await answers(client, ip, 80, 'ECONNREFUSED');
    const healthPort = web.spec?.healthCheckNodePort ?? 0;
    const health = async () => {
      const answer = await fetch(`http://127.0.0.1:${healthPort}/`).catch(() => null);
      return answer === null
        ? null
        : { status: answer.status, ...((await answer.json()) as object) };
    };
    t.match(await until('the health check port', health, deadlineMs), {
      status: 503,
      localEndpoints: 0,
    });
    await slices.create({
      metadata: {
        namespace: 'default',
        name: 'web-1',
        labels: { 'kubernetes.io/service-name': 'web' },
      },
      ...{ addressType: 'IPv4', ports: [{ name: '', port: 8080, protocol: 'TCP' }] },
      endpoints: [{ addresses: ['10.244.0.2'], nodeName: 'n1' }],
    });
    await answers(client, ip, 80, 'a 10.244.0.4');
    const annotations = {
      'endpoints.kubernetes.io/last-change-trigger-time': new Date().toISOString(),
    };
    const own = { namespace: 'default', name: 'web-1' };
    await slices.patch(own, 'merge', { metadata: { annotations } });
    await until(
      'how long it took is counted',
      async () => {
        const text = await (await fetch('http://127.0.0.1:10249/metrics')).text();
        return /^kubeproxy_network_programming_duration_seconds_count 1$/m.test(text);
      },
      deadlineMs,
    );
    await answers(outside, '192.0.2.1', web.spec?.ports?.[0]?.nodePort ?? 0, 'a 192.0.2.9');
    const isWell = async () => ((await health())?.status === 200 ? await health() : null);
    t.match(await until('the health check says so', isWell, deadlineMs), {
      status: 200,
      service: { namespace: 'default', name: 'web' },
      localEndpoints: 1,
    });
    await proxy.stop();
    await answers(client, ip, 80, 'a 10.244.0.4');
    const other = await startProxy(t, [...flags, '--proxy-mode=ipvs']);
    const hasIpvs = (await here.run({ command: 'ipvsadm', args: ['--list'] })).exitCode === 0;
    const mode = await (await fetch('http://127.0.0.1:10249/proxyMode')).text();
    t.equal(mode, hasIpvs ? 'ipvs' : 'nftables', 'who has no IPVS is served all the same');
    t.equal(
      other.lines.some((line) => line.includes('cannot be had')),
      !hasIpvs,
    );
    await answers(client, ip, 80, 'a 10.244.0.4');
    await other.stop();
    await services.delete({ namespace: 'default', name: 'web' });
    const last = await startProxy(t, flags);
    await until(
      'what went meanwhile is gone',
      async () => !(await here.ok('nft list ruleset')).includes(ip) || undefined,
      deadlineMs,
    );
    // One that runs makes anew what is taken from it.
    await last.stop();
    const ended = spawnSync(process.execPath, [flotillaBin, 'proxy', '--cleanup']);
    t.equal(ended.status, 0, String(ended.stderr));
    t.notMatch(await here.ok('nft list ruleset'), /kube-proxy/);
  });
}
