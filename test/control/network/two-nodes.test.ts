import { spawn, spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { startTestEnv, type TestEnv } from '../../../src/cmd/testenv/index.js';
import { resources } from '../../../src/control/client/index.js';
import { type NamespacedNode, NodeNamespaces } from '../../../src/control/network/index.js';
import { runCommand, runToSuccess } from '../../../src/host/command.js';
import { until } from '../../client/until.js';
import { flotillaBin } from '../../e2e/project.js';
import {
  askFrom,
  attachPod,
  type LabNode,
  labNode,
  needsNetwork,
  serve,
} from '../proxy/network-lab.js';

const withinMachine = process.env.NETWORK_TEST_MACHINE;
const deadlineMs = 60_000;
const gateway = '172.30.0.1';
const podNetwork = '10.244.0.0/16';

function asLab(name: string, run: LabNode['run']): LabNode {
  const ok = (line: string) => {
    const [command = '', ...args] = line.split(' ');
    return runToSuccess(run, { command, args });
  };
  return { name, run, ok };
}

async function startProxy(t: Test, node: NamespacedNode, flags: readonly string[]): Promise<void> {
  const words = [...node.command, process.execPath, flotillaBin, 'proxy', ...flags];
  const child = spawn(words[0]!, words.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  t.teardown(() => {
    child.kill('SIGTERM');
    return exited;
  });
  const lines: string[] = [];
  createInterface(child.stderr).on('line', (line) => lines.push(line));
  const isUp = async () => {
    if (child.exitCode !== null) throw new Error(lines.join('\n'));
    return (await fetchAs(node.run, 'http://127.0.0.1:10256/healthz')).startsWith('200 ');
  };
  await until('the proxy is healthy', isUp, deadlineMs);
}

/** The status and the body that somebody gets, or why there are none. */
async function fetchAs(run: LabNode['run'], url: string): Promise<string> {
  const source = `process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    fetch('${url}').then(async (answer) => console.log(answer.status, await answer.text()))`;
  const args = ['--no-warnings', '-e', source];
  const { stdout, stderr } = await run({ command: process.execPath, args });
  return stdout.trim() || stderr;
}

/** A node with its pod network, a pod on it, and its proxy. */
async function startNode(t: Test, env: TestEnv, node: NamespacedNode, n: number): Promise<LabNode> {
  const lab = asLab(node.namespace, node.run);
  await lab.ok('ip link add br0 type bridge');
  await lab.ok(`ip addr add 10.244.${n}.1/24 dev br0`);
  await lab.ok('ip link set br0 up');
  const nodes = env.client.objects(resources.nodes);
  const name = `n${n}`;
  await nodes.create({ metadata: { name }, spec: { podCIDRs: [`10.244.${n}.0/24`] } });
  const addresses = [{ type: 'InternalIP', address: `172.30.0.1${n}` }];
  await nodes.patch({ name }, 'merge', { status: { addresses } }, { subresource: 'status' });
  await startProxy(t, node, [
    `--kubeconfig=${join(env.dir, 'nodes.kubeconfig')}`,
    `--hostname-override=${name}`,
    `--cluster-cidr=${podNetwork}`,
    '--pod-network',
    '--min-sync-period=10ms',
  ]);
  return attachPod(t, lab, `p${n}`, [`10.244.${n}.2/24`]);
}

if (withinMachine === undefined) {
  const title = 'flotilla proxy --pod-network on two nodes of one machine';
  t.test(title, needsNetwork('nft', 'nsenter', 'conntrack'), async (t) => {
    const machine = await labNode(t, 'machine');
    const env = { ...process.env, NETWORK_TEST_MACHINE: machine.name };
    const words = ['netns', 'exec', machine.name, process.execPath, import.meta.filename];
    t.equal(spawnSync('ip', words, { env, stdio: ['ignore', 'inherit', 'inherit'] }).status, 0);
  });
} else {
  t.test('pods of two nodes, services and the machine', async (t) => {
    const machine = asLab(withinMachine, runCommand);
    const prefix = `f${process.pid % 100_000}`;
    const namespaces = new NodeNamespaces({
      ...{ run: runCommand, prefix, gateway: `${gateway}/24`, podNetworks: [podNetwork] },
    });
    t.teardown(() => namespaces.removeAll());
    const made = [
      await namespaces.ensure(1, '172.30.0.11/24'),
      await namespaces.ensure(2, '172.30.0.12/24'),
    ];
    const apiServerFlags = [`--bind-address=${gateway}`, `--advertise-address=${gateway}`];
    const env = await startTestEnv({ apiServerFlags });
    t.teardown(() => env.close());
    const kubeconfig = await readFile(env.kubeconfig, 'utf8');
    const forNodes = kubeconfig.replaceAll('//127.0.0.1:', `//${gateway}:`);
    await writeFile(join(env.dir, 'nodes.kubeconfig'), forNodes, { mode: 0o600 });
    const [one, two] = (await Promise.all(
      made.map((node, at) => startNode(t, env, node, at + 1)),
    )) as [LabNode, LabNode];
    await serve(t, two, { says: 'two', port: 8080 });
    await serve(t, machine, { says: 'machine', port: 8080 });
    const answers = (at: LabNode, host: string, port: number, text: string) =>
      until(
        `${host}:${port} answers ${text}`,
        async () => (await askFrom(t, at, host, port, { silentMs: 2000 }))[0] === text,
        deadlineMs,
      );

    await t.test('a pod reaches a pod of the other node, and is seen as itself', () =>
      answers(one, '10.244.2.2', 8080, 'two 10.244.1.2'),
    );
    await t.test('a pod reaches the machine, which sees its node', () =>
      answers(one, gateway, 8080, 'machine 172.30.0.11'),
    );
    await t.test('a pod reaches a Service of a pod of the other node', async (t) => {
      const web = await env.client.objects(resources.services).create({
        metadata: { namespace: 'default', name: 'web' },
        spec: { type: 'NodePort', ports: [{ port: 80 }] },
      });
      await env.client.objects(resources.endpointSlices).create({
        metadata: {
          namespace: 'default',
          name: 'web-1',
          labels: { 'kubernetes.io/service-name': 'web' },
        },
        ...{ addressType: 'IPv4', ports: [{ name: '', port: 8080, protocol: 'TCP' }] },
        endpoints: [{ addresses: ['10.244.2.2'], nodeName: 'n2' }],
      });
      await answers(one, web.spec?.clusterIP ?? '', 80, 'two 10.244.1.2');
      const nodePort = web.spec?.ports?.[0]?.nodePort ?? 0;
      await answers(machine, '172.30.0.11', nodePort, 'two 172.30.0.11');
      t.pass();
    });
    await t.test('a pod reaches the API server by the Service kubernetes', async (t) => {
      const kubernetes = await until(
        'the Service kubernetes',
        () =>
          env.client.objects(resources.services).get({ namespace: 'default', name: 'kubernetes' }),
        deadlineMs,
      );
      const url = `https://${kubernetes.spec?.clusterIP}/livez`;
      const isAnswered = async () => (await fetchAs(one.run, url)) === '200 ok';
      await until('it answers', isAnswered, deadlineMs);
      t.pass();
    });
    await t.test('the machine reaches pods once it is told where they are', async () => {
      for (const n of [1, 2]) await namespaces.reachPods(`172.30.0.1${n}`, [`10.244.${n}.0/24`]);
      await namespaces.reachPods('172.30.0.12', ['10.244.2.0/24', 'fd00:244:2::/64']);
      await answers(machine, '10.244.2.2', 8080, `two ${gateway}`);
    });
    await t.test('what is beyond the machine sees the machine', async () => {
      const beyond = await labNode(t, 'beyond');
      await machine.ok(`ip link add up0 type veth peer name eth0 netns ${beyond.name}`);
      await machine.ok('ip addr add 192.0.2.1/24 dev up0');
      await machine.ok('ip link set up0 up');
      await beyond.ok('ip addr add 192.0.2.9/24 dev eth0');
      await beyond.ok('ip link set eth0 up');
      await serve(t, beyond, { says: 'beyond', port: 8080 });
      await answers(one, '192.0.2.9', 8080, 'beyond 192.0.2.1');
    });
    await t.test('removeAll finds what runs there, and leaves nothing', async (t) => {
      t.equal((await namespaces.processes()).length >= 2, true, 'the proxies are found');
      await namespaces.removeAll();
      await namespaces.removeAll();
      t.notMatch(await machine.ok('ip link show'), new RegExp(prefix));
      t.notMatch(await machine.ok('ip netns list'), new RegExp(`${prefix}-node`));
      t.notMatch(await machine.ok('nft list ruleset'), /flotilla-nodes/);
    });
  });
}
