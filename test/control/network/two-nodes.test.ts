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
const gateway6 = 'fd00:30::1';
const podNetworks = ['10.244.0.0/16', 'fd00:244::/48'];

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
  await lab.ok(`ip addr add fd00:244:0:${n}::1/64 dev br0 nodad`);
  await lab.ok('ip link set br0 up');
  const nodes = env.client.objects(resources.nodes);
  const name = `n${n}`;
  const podCIDRs = [`10.244.${n}.0/24`, `fd00:244:0:${n}::/64`];
  await nodes.create({ metadata: { name }, spec: { podCIDRs } });
  const own = [`172.30.0.1${n}`, `fd00:30::1${n}`];
  const addresses = own.map((address) => ({ type: 'InternalIP', address }));
  await nodes.patch({ name }, 'merge', { status: { addresses } }, { subresource: 'status' });
  await startProxy(t, node, [
    `--kubeconfig=${join(env.dir, 'nodes.kubeconfig')}`,
    `--hostname-override=${name}`,
    `--cluster-cidr=${podNetworks.join(',')}`,
    '--pod-network',
    '--min-sync-period=10ms',
  ]);
  return attachPod(t, lab, `p${n}`, [`10.244.${n}.2/24`, `fd00:244:0:${n}::2/64`]);
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
      ...{ run: runCommand, prefix, podNetworks },
      gateways: [`${gateway}/24`, `${gateway6}/64`],
    });
    t.teardown(() => namespaces.removeAll());
    const made = [
      await namespaces.ensure(1, ['172.30.0.11/24', 'fd00:30::11/64']),
      await namespaces.ensure(2, ['172.30.0.12/24', 'fd00:30::12/64']),
    ];
    const apiServerFlags = [
      ...[`--bind-address=${gateway}`, `--advertise-address=${gateway}`],
      '--service-cluster-ip-range=10.0.0.0/24,fd00:96::/112',
    ];
    const env = await startTestEnv({ apiServerFlags });
    t.teardown(() => env.close());
    const kubeconfig = await readFile(env.kubeconfig, 'utf8');
    const forNodes = kubeconfig.replaceAll('//127.0.0.1:', `//${gateway}:`);
    await writeFile(join(env.dir, 'nodes.kubeconfig'), forNodes, { mode: 0o600 });
    const [one, two] = (await Promise.all(
      made.map((node, at) => startNode(t, env, node, at + 1)),
    )) as [LabNode, LabNode];
    await serve(t, two, { says: 'two', port: 8080, host: '::' });
    await serve(t, machine, { says: 'machine', port: 8080, host: '::' });
    const answers = (at: LabNode, host: string, port: number, text: string) =>
      until(
        `${host}:${port} answers ${text}`,
        async () => (await askFrom(t, at, host, port, { silentMs: 2000 }))[0] === text,
        deadlineMs,
      );

    await t.test('a pod reaches a pod of the other node, and is seen as itself', () =>
      answers(one, '10.244.2.2', 8080, 'two 10.244.1.2'),
    );
    await t.test('so it does by IPv6', () =>
      answers(one, 'fd00:244:0:2::2', 8080, 'two fd00:244:0:1::2'),
    );
    await t.test('a pod reaches the machine, which sees its node', async () => {
      await answers(one, gateway, 8080, 'machine 172.30.0.11');
      await answers(one, gateway6, 8080, 'machine fd00:30::11');
    });
    await t.test('a pod reaches a Service of a pod of the other node', async (t) => {
      const web = await env.client.objects(resources.services).create({
        metadata: { namespace: 'default', name: 'web' },
        spec: { type: 'NodePort', ipFamilyPolicy: 'RequireDualStack', ports: [{ port: 80 }] },
      });
      for (const [addressType, address] of [
        ['IPv4', '10.244.2.2'],
        ['IPv6', 'fd00:244:0:2::2'],
      ] as const)
        await env.client.objects(resources.endpointSlices).create({
          metadata: {
            namespace: 'default',
            name: `web-${addressType.toLowerCase()}`,
            labels: { 'kubernetes.io/service-name': 'web' },
          },
          ...{ addressType, ports: [{ name: '', port: 8080, protocol: 'TCP' }] },
          endpoints: [{ addresses: [address], nodeName: 'n2' }],
        });
      const [four = '', six = ''] = web.spec?.clusterIPs ?? [];
      await answers(one, four, 80, 'two 10.244.1.2');
      await answers(one, six, 80, 'two fd00:244:0:1::2');
      const nodePort = web.spec?.ports?.[0]?.nodePort ?? 0;
      await answers(machine, '172.30.0.11', nodePort, 'two 172.30.0.11');
      await answers(machine, 'fd00:30::11', nodePort, 'two fd00:30::11');
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
      for (const n of [1, 2])
        await namespaces.reachPods(
          [`172.30.0.1${n}`, `fd00:30::1${n}`],
          [`10.244.${n}.0/24`, `fd00:244:0:${n}::/64`],
        );
      await namespaces.reachPods(['172.30.0.12'], ['10.244.2.0/24', 'fd00:244:9::/64']);
      await answers(machine, '10.244.2.2', 8080, `two ${gateway}`);
      await answers(machine, 'fd00:244:0:2::2', 8080, `two ${gateway6}`);
    });
    await t.test('what is beyond the machine sees the machine', async () => {
      const beyond = await labNode(t, 'beyond');
      await machine.ok(`ip link add up0 type veth peer name eth0 netns ${beyond.name}`);
      await machine.ok('ip addr add 192.0.2.1/24 dev up0');
      await machine.ok('ip addr add 2001:db8::1/64 dev up0 nodad');
      await machine.ok('ip link set up0 up');
      await beyond.ok('ip addr add 192.0.2.9/24 dev eth0');
      await beyond.ok('ip addr add 2001:db8::9/64 dev eth0 nodad');
      await beyond.ok('ip link set eth0 up');
      await serve(t, beyond, { says: 'beyond', port: 8080, host: '::' });
      await answers(one, '192.0.2.9', 8080, 'beyond 192.0.2.1');
      await answers(one, '2001:db8::9', 8080, 'beyond 2001:db8::1');
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
