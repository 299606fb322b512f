import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { noRules, restoreText } from '../../../src/control/proxy/iptables/tables.js';
import {
  type IpSets,
  ipSetName,
  ipSetNames,
  ipSetText,
} from '../../../src/control/proxy/ipvs/ip-sets.js';
import { IpvsBackend } from '../../../src/control/proxy/ipvs/ipvs-backend.js';
import { ipvsRules } from '../../../src/control/proxy/ipvs/ipvs-rules.js';
import { planIpvs } from '../../../src/control/proxy/ipvs/plan-ipvs.js';
import {
  parseDrained,
  parseServers,
  serversText,
  type VirtualServer,
  type VirtualServers,
  withDraining,
} from '../../../src/control/proxy/ipvs/virtual-servers.js';
import { viewService } from '../../../src/control/proxy/model/view-service.js';
import type { CommandLine, RunCommand } from '../../../src/host/command.js';
import { runToSuccess } from '../../../src/host/command.js';
import { goldenCases } from './golden-services.js';
import { labNode, needsNetwork } from './network-lab.js';
import { nodeFacts, service, slice } from './objects.js';

const seeds = Number(process.env.SEEDS ?? 20);
const firstSeed = Number(process.env.SEED ?? 1);

/** A kernel that does what `ipvsadm --restore` says, and refuses what that refuses. */
class DumbIpvs {
  readonly servers = new Map<string, { options: string; reals: Map<string, string> }>();

  restore(text: string): void {
    for (const line of text.split('\n')) if (line !== '') this.#apply(line);
  }

  /** As `ipvsadm --save --numeric` shows it. */
  save(): string {
    return [...this.servers]
      .flatMap(([key, { options, reals }]) => [
        `-A ${key} ${options}`,
        ...[...reals].map(([real, weight]) => `-a ${key} -r ${real} -m -w ${weight}`),
      ])
      .map((line) => `${line}\n`)
      .join('');
  }

  #apply(line: string): void {
    const form =
      /^-(?:([AE]) (\S+ \S+) (-s \w+(?: -p \d+)?)|(D) (\S+ \S+)|([ae]) (\S+ \S+) -r (\S+) -m -w (\d+)|(d) (\S+ \S+) -r (\S+))$/;
    const [
      ,
      ae,
      key1 = '',
      options = '',
      d,
      key2 = '',
      rae,
      key3 = '',
      real = '',
      weight = '',
      ,
      key4 = '',
      gone = '',
    ] = form.exec(line) ?? assertFail(`no command: ${line}`);
    if (ae !== undefined) {
      if (this.servers.has(key1) !== (ae === 'E')) assertFail(line);
      this.servers.set(key1, { options, reals: this.servers.get(key1)?.reals ?? new Map() });
    } else if (d !== undefined) {
      if (!this.servers.delete(key2)) assertFail(line);
    } else if (rae !== undefined) {
      const { reals } = this.servers.get(key3) ?? assertFail(line);
      if (reals.has(real) !== (rae === 'e')) assertFail(line);
      reals.set(real, weight);
    } else if (!this.servers.get(key4)?.reals.delete(gone)) assertFail(line);
  }
}

function assertFail(line: string): never {
  throw new Error(`refused: ${line}`);
}

function randomServers(prng: Prng): VirtualServers {
  const servers = new Map<string, VirtualServer>();
  for (let n = 0; n < 5; n++) {
    if (prng.chance(0.3)) continue;
    const key = `${prng.chance(0.3) ? '-u' : '-t'} 10.96.0.${n}:80`;
    const count = prng.int(0, 4);
    const reals = Array.from({ length: count }, () => [`10.0.0.${prng.int(1, 9)}:80`, 1] as const);
    const persistSeconds = prng.chance(0.3) ? 60 : 0;
    servers.set(key, { scheduler: 'rr', persistSeconds, reals: new Map(reals) });
  }
  return servers;
}

t.test(
  'serversText makes one state of another, and endpoints that go get nobody new',
  async (t) => {
    for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
      const prng = new Prng(seed);
      const kernel = new DumbIpvs();
      let known: VirtualServers = new Map();
      for (let step = 0; step < 20; step++) {
        const next = randomServers(prng);
        try {
          kernel.restore(serversText(known, next));
        } catch (error) {
          t.fail(`SEED=${seed} step ${step}: ${(error as Error).message}`);
          return;
        }
        known = withDraining(known, next);
        t.same(sorted(parseServers(kernel.save(), 4)), sorted(known), `SEED=${seed} step ${step}`);
        for (const [key, { reals }] of known)
          for (const [real, weight] of reals)
            if (weight > 0 !== (next.get(key)?.reals.has(real) ?? false))
              t.fail(`SEED=${seed} step ${step}: ${key} ${real} has weight ${weight}`);
      }
    }
  },
);

function sorted(servers: VirtualServers): unknown {
  const byKey = <T>(map: ReadonlyMap<string, T>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  return byKey(servers).map(([key, server]) => [key, { ...server, reals: byKey(server.reals) }]);
}

t.test('parseServers reads what ipvsadm saves, one family', async (t) => {
  const text = [
    '-A -t 10.96.0.10:80 -s rr -p 10800',
    '-a -t 10.96.0.10:80 -r 10.0.0.1:8080 -m -w 1',
    '-A --sctp-service [fd00:96::a]:80 -s sh',
    '-a --sctp-service [fd00:96::a]:80 -r [fd00::1]:8080 -m -w 0',
  ].join('\n');
  t.same(
    [...parseServers(text, 4)],
    [
      [
        '-t 10.96.0.10:80',
        { scheduler: 'rr', persistSeconds: 10800, reals: new Map([['10.0.0.1:8080', 1]]) },
      ],
    ],
  );
  t.same(
    [...parseServers(text, 6)],
    [
      [
        '--sctp-service [fd00:96::a]:80',
        { scheduler: 'sh', persistSeconds: 0, reals: new Map([['[fd00::1]:8080', 0]]) },
      ],
    ],
  );
});

t.test('parseDrained finds endpoints without weight that nobody uses', async (t) => {
  const text = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  10.96.0.10:80 rr
  -> 10.0.0.1:8080                Masq    1      0          0
  -> 10.0.0.2:8080                Masq    0      0          0
  -> 10.0.0.3:8080                Masq    0      1          0
  -> 10.0.0.4:8080                Masq    0      0          2
`;
  t.same(parseDrained(text), [{ key: '-t 10.96.0.10:80', real: '10.0.0.2:8080' }]);
});

t.test(
  'IpvsBackend runs each program once for a change, and forgets endpoints once nobody uses them',
  async (t) => {
    const kernel = new DumbIpvs();
    const lines: CommandLine[] = [];
    let listed = '';
    const run: RunCommand = async (line) => {
      lines.push(line);
      let stdout = '';
      if (line.command === 'ipvsadm' && line.args[0] === '--restore')
        kernel.restore(line.stdin ?? '');
      if (line.command === 'ipvsadm' && line.args[0] === '--save') stdout = kernel.save();
      if (line.command === 'ipvsadm' && line.args[0] === '--list') stdout = listed;
      if (line.command === 'ip' && line.args[0] === '-j')
        stdout = JSON.stringify([{ addr_info: [{ local: '10.96.0.10', scope: 'global' }] }]);
      return { exitCode: 0, stdout, stderr: '' };
    };
    kernel.restore('-A -t 10.96.9.9:80 -s rr\n-A -t 192.0.2.77:80 -s rr\n');
    const backend = new IpvsBackend({
      ...{ run, family: 4 },
      settings: {
        ...{ scheduler: 'lc', strictArp: true, excludeCidrs: ['192.0.2.64/26'] },
        ...{ tcpTimeoutSeconds: 900, tcpFinTimeoutSeconds: 0, udpTimeoutSeconds: 0 },
      },
      machineAddresses: async () => ['192.0.2.1', 'fd00::1'],
    });
    const facts = nodeFacts();
    const web = service('web', {
      ...{ clusterIP: '10.96.0.10', type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] },
    });
    const sync = (ips: readonly string[], isPeriodic = false) => {
      const slices = [
        slice(
          'web',
          ips.map((ip) => ({ addresses: [ip] })),
        ),
      ];
      const ports = viewService(web, slices, { name: 'n1', zone: '' });
      return backend.sync({ facts, ports }, { isPeriodic });
    };
    await sync(['10.0.0.1', '10.0.0.2']);
    const all = lines.map(({ command, args }) => [command, ...args].join(' '));
    t.ok(all.includes('ipvsadm --set 900 0 0'));
    t.match(
      all.find((line) => line.startsWith('sysctl')),
      /vs\.conntrack=1.*arp_ignore=1.*arp_announce=2/,
    );
    t.same(
      [...kernel.servers.keys()].sort(),
      [...['-t 10.96.0.10:80', '-t 192.0.2.1:30080'], '-t 192.0.2.77:80'],
      'others are taken away, but for those that are excluded',
    );
    t.equal(kernel.servers.get('-t 10.96.0.10:80')?.options, '-s lc');
    t.notOk(all.includes('ip -batch -'), 'the address is there');
    lines.length = 0;
    await sync(['10.0.0.1']);
    t.same(
      lines.map(({ command, stdin }) => [command, stdin ?? '']),
      [
        ['ip', ''],
        [
          'ipvsadm',
          ['10.96.0.10:80', '192.0.2.1:30080']
            .map((address) => `-e -t ${address} -r 10.0.0.2:8080 -m -w 0\n`)
            .join(''),
        ],
      ],
    );
    listed = 'TCP  10.96.0.10:80 lc\n  -> 10.0.0.2:8080   Masq    0      0          0\n';
    await sync(['10.0.0.1'], true);
    t.same([...(kernel.servers.get('-t 10.96.0.10:80')?.reals.keys() ?? [])], ['10.0.0.1:8080']);
    t.equal(kernel.servers.get('-t 192.0.2.1:30080')?.reals.get('10.0.0.2:8080'), '0');
    await sync(['10.0.0.1', '10.0.0.2']);
    t.equal(
      kernel.servers.get('-t 192.0.2.1:30080')?.reals.get('10.0.0.2:8080'),
      '1',
      'it is back',
    );
  },
);

for (const family of [4, 6] as const) {
  t.test(
    `ipset and iptables take what mode ipvs writes for IPv${family}`,
    needsNetwork('ipset', 'iptables-restore', 'ip6tables-restore'),
    async (t) => {
      const node = await labNode(t, 'node');
      let before: IpSets | null = null;
      for (const { name, services, facts } of goldenCases) {
        if (facts.family !== family) continue;
        const ports = services.flatMap(([object, ...slices]) =>
          viewService(object, slices, { name: 'n1', zone: '' }),
        );
        const plan = planIpvs(ports, { ...facts, scheduler: 'rr', nodeIps: ['192.0.2.1'] });
        const stdin = ipSetText(before, plan.sets, family);
        await runToSuccess(node.run, { command: 'ipset', args: ['restore'], stdin });
        before = plan.sets;
        const members = [...(await node.ok('ipset save')).matchAll(/^add (\S+) (\S+)$/gm)];
        const wanted = ipSetNames.flatMap((set) =>
          [...(plan.sets.get(set) ?? [])].map((entry) => `${ipSetName(set, family)} ${entry}`),
        );
        t.same(members.map(([, set, entry]) => `${set} ${entry}`).sort(), wanted.sort(), name);
        const command = family === 4 ? 'iptables-restore' : 'ip6tables-restore';
        const rules = restoreText(noRules, ipvsRules(facts));
        await runToSuccess(node.run, { command, args: ['--noflush'], stdin: rules });
      }
    },
  );
}
