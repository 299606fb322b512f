import t from 'tap';
import type { Node } from '../../../src/control/api/gen/core-v1.js';
import { NftWriter } from '../../../src/control/dataplane/nft-writer.js';
import { NodeNamespaces } from '../../../src/control/network/node-namespaces.js';
import {
  masqueradeTable,
  planMasquerade,
  planRoutes,
} from '../../../src/control/network/routes/plan-routes.js';
import { writeRoutes } from '../../../src/control/network/routes/write-routes.js';
import { type RunCommand, runCommand } from '../../../src/host/command.js';
import {
  askFrom,
  attachPod,
  type LabNode,
  labNode,
  needsNetwork,
  serve,
  silentMs,
} from '../proxy/network-lab.js';

function node(n: number): Node {
  return {
    metadata: { name: `n${n}` },
    spec: { podCIDRs: [`10.244.${n}.0/24`] },
    status: { addresses: [{ type: 'InternalIP', address: `172.30.0.1${n}` }] },
  };
}

t.test(
  'planRoutes leaves out the node itself and nodes without a network or an address',
  async (t) => {
    const bare: Node = { metadata: { name: 'n3' }, spec: { podCIDR: '10.244.3.0/24' } };
    t.same(planRoutes([node(2), node(1), bare, { metadata: { name: 'n4' } }], 'n2'), [
      { version: 4, cidr: '10.244.1.0/24', via: '172.30.0.11' },
    ]);
  },
);

t.test('NodeNamespaces: refuses what are no gateways, or two of a version', async (t) => {
  const options = { run: runCommand, prefix: 'f1' };
  for (const gateways of [[], ['172.30.0.1'], ['fd00::1/64', 'fd01::1/64']])
    t.throws(() => new NodeNamespaces({ ...options, gateways }), RangeError, `${gateways}`);
});

t.test(
  'NodeNamespaces, writeRoutes and planMasquerade join pods of two nodes',
  needsNetwork('nft', 'nsenter'),
  async (t) => {
    const machine = await labNode(t, 'machine');
    const prefix = `f${process.pid % 100_000}`;
    // `ip netns exec` has mounts of its own, where names of new namespaces would be lost.
    const run: RunCommand = ({ command, args, ...rest }) => {
      const within = [`--net=/run/netns/${machine.name}`, command, ...args];
      return runCommand({ ...rest, command: 'nsenter', args: within });
    };
    const options = { run, prefix, gateways: ['172.30.0.1/24'] };
    const namespaces = new NodeNamespaces(options);
    t.teardown(() => new NodeNamespaces(options).removeAll());
    await namespaces.ensure(1, ['172.30.0.11/24']);
    const made = [
      await new NodeNamespaces(options).ensure(1, ['172.30.0.11/24']),
      await namespaces.ensure(2, ['172.30.0.12/24']),
    ];
    const nodes = [node(1), node(2)];
    const pods: LabNode[] = [];
    for (const [at, { namespace, run }] of made.entries()) {
      const n = at + 1;
      const ok = async (line: string) => {
        const [command = '', ...args] = line.split(' ');
        const { exitCode, stdout, stderr } = await run({ command, args });
        if (exitCode !== 0) throw new Error(`${line}: ${stderr}`);
        return stdout;
      };
      await ok('ip link add br0 type bridge');
      await ok(`ip addr add 10.244.${n}.1/24 dev br0`);
      await ok('ip link set br0 up');
      pods.push(await attachPod(t, { name: namespace, run, ok }, `p${n}`, [`10.244.${n}.2/24`]));
      await writeRoutes(run, planRoutes(nodes, `n${n}`));
      await writeRoutes(run, planRoutes(nodes, `n${n}`));
      const table = planMasquerade(nodes, { nodeName: `n${n}`, clusterCidrs: ['10.244.0.0/16'] });
      await new NftWriter({ run, at: masqueradeTable }).write(table);
    }
    const [one, two] = pods as [LabNode, LabNode];
    await serve(t, two, { says: 'two', port: 8080 });
    await serve(t, machine, { says: 'machine', port: 8080 });
    t.same(
      await askFrom(t, one, '10.244.2.2', 8080),
      ['two 10.244.1.2'],
      'pods see each other as they are',
    );
    t.same(
      await askFrom(t, one, '172.30.0.1', 8080),
      ['machine 172.30.0.11'],
      'others see the node',
    );
    await writeRoutes(made[0]!.run, []);
    t.not(
      (await askFrom(t, one, '10.244.2.2', 8080, { silentMs }))[0],
      'two 10.244.1.2',
      'without the route nobody is there',
    );
    await namespaces.removeAll();
    t.notMatch(await machine.ok('ip link show'), new RegExp(`${prefix}br`));
  },
);
