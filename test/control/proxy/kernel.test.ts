import t from 'tap';
import { IptablesBackend } from '../../../src/control/proxy/iptables/iptables-backend.js';
import { viewService } from '../../../src/control/proxy/model/view-service.js';
import {
  NftablesBackend,
  nftablesProblem,
} from '../../../src/control/proxy/nftables/nftables-backend.js';
import type { RunCommand } from '../../../src/host/command.js';
import { kernelContract } from './kernel-contract.js';
import {
  askFrom,
  attachPod,
  type LabNode,
  labHost,
  labNode,
  needsNetwork,
  serve,
} from './network-lab.js';
import { nodeFacts, service, slice } from './objects.js';

kernelContract('NftablesBackend', ['nft'], (run, family) => new NftablesBackend({ run, family }), {
  servesLoopback: false,
});
kernelContract(
  'IptablesBackend',
  ['nft', 'iptables-restore', 'ip6tables-restore'],
  (run, family) => new IptablesBackend({ run, family }),
  { servesLoopback: true },
);

t.test(
  'NftablesBackend: endpoints of a service take turns when asked to',
  needsNetwork('nft'),
  async (t) => {
    const node = await labHost(t, 'node', ['10.244.0.1/24']);
    const pods: LabNode[] = [];
    for (const [at, name] of ['a', 'b', 'c'].entries())
      pods.push(await attachPod(t, node, name, [`10.244.0.${at + 2}/24`]));
    for (const [at, pod] of pods.entries()) await serve(t, pod, { says: String(at), port: 8080 });
    const client = await attachPod(t, node, 'd', ['10.244.0.9/24']);
    const endpoints = pods.map((_, at) => ({ addresses: [`10.244.0.${at + 2}`] }));
    const ports = ['web', 'other'].flatMap((name, at) =>
      viewService(service(name, { clusterIP: `10.96.0.1${at}` }), [slice(name, endpoints)], {
        ...{ name: 'n1', zone: '' },
      }),
    );
    const backend = new NftablesBackend({ run: node.run, family: 4 });
    await backend.sync({ facts: nodeFacts({ balance: 'round-robin' }), ports });
    const chosen: string[] = [];
    for (let round = 0; round < 9; round++) {
      const [answer = ''] = await askFrom(t, client, '10.96.0.10', 80);
      chosen.push(answer[0] ?? '');
      // Another service of as many endpoints has turns of its own.
      await askFrom(t, client, '10.96.0.11', 80);
    }
    for (const name of ['0', '1', '2'])
      t.equal(chosen.filter((each) => each === name).length, 3, name);
  },
);

t.test(
  'nftablesProblem finds none in this kernel, and leaves it as it is',
  needsNetwork('nft'),
  async (t) => {
    const node = await labNode(t, 'node');
    t.equal(await nftablesProblem(node.run), null);
    t.equal(await node.ok('nft list ruleset'), '');
  },
);

t.test('nftablesProblem names the program and what it complains of', async (t) => {
  const run: RunCommand = async ({ args }) => ({
    exitCode: args.includes('--version') ? 0 : 1,
    stdout: args.includes('--version') ? 'nftables v0.9.8 (E.D.S.)\n' : '',
    stderr: '/dev/stdin:3:1-9: Error: syntax error\nadd map\n',
  });
  t.equal(
    await nftablesProblem(run),
    'nftables v0.9.8 (E.D.S.): /dev/stdin:3:1-9: Error: syntax error',
  );
});
