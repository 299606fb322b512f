import { type CommandLine, type RunCommand, runToSuccess } from '../../../host/command.js';
import { type Cidr, cidrContains, parseCidr, parseIp } from '../../machinery/ip-address.js';
import { IptablesWriter } from '../iptables/iptables-writer.js';
import type { NodeFacts } from '../model/node-facts.js';
import type { IpFamily } from '../model/service-port.js';
import type { FamilyView, ProxyBackend } from '../proxy-backend.js';
import { type IpSets, ipSetName, ipSetNames, ipSetText } from './ip-sets.js';
import { ipvsEntryRules, ipvsRules, isIpvsChain } from './ipvs-rules.js';
import { planIpvs } from './plan-ipvs.js';
import {
  parseDrained,
  parseServers,
  serversText,
  type VirtualServers,
  withDraining,
  withoutReals,
} from './virtual-servers.js';

/** What flags say of mode ipvs. */
export interface IpvsSettings {
  /** How the kernel chooses an endpoint: rr, wrr, lc, wlc, lblc, lblcr, dh, sh, mh, sed, nq, ovf, fo, twos. */
  readonly scheduler: string;
  /** Addresses of services are not told to other machines. */
  readonly strictArp: boolean;
  /** Virtual servers in these are others', and stay as they are. */
  readonly excludeCidrs: readonly string[];
  /** 0: as it is. */
  readonly tcpTimeoutSeconds: number;
  readonly tcpFinTimeoutSeconds: number;
  readonly udpTimeoutSeconds: number;
}

/** What the data plane is made of. */
export interface IpvsOptions {
  readonly run: RunCommand;
  readonly family: IpFamily;
  readonly settings: IpvsSettings;
  /** The addresses that the machine has now. */
  readonly machineAddresses: () => Promise<readonly string[]>;
}

/** Has the addresses of services. */
const ipvsInterface = 'kube-ipvs0';

/** The kernel's own balancer (IPVS): virtual servers by `ipvsadm`, who is masqueraded by `ipset` and iptables. */
export class IpvsBackend implements ProxyBackend {
  readonly #options: IpvsOptions;
  readonly #rules: IptablesWriter;
  /** What the kernel has. Null: not known. */
  #sets: IpSets | null = null;
  #servers: VirtualServers | null = null;

  constructor(options: IpvsOptions) {
    this.#options = options;
    const { run, family } = options;
    const entries = ipvsEntryRules;
    this.#rules = new IptablesWriter({ run, family, entries, isOurs: isIpvsChain });
  }

  async sync(
    { ports, facts }: FamilyView,
    { isPeriodic }: { readonly isPeriodic: boolean } = { isPeriodic: false },
  ): Promise<void> {
    const { scheduler } = this.#options.settings;
    const nodeIps = await this.#nodeIps(facts);
    const plan = planIpvs(ports, { ...facts, scheduler, nodeIps });
    if (this.#servers === null) await this.#prepare();
    if (isPeriodic) await this.#look();
    await this.#writeSets(plan.sets);
    await this.#rules.write(ipvsRules(facts));
    await this.#writeAddresses(plan.addresses);
    await this.#writeServers(plan.servers);
    if (isPeriodic) await this.#forgetDrained();
  }

  async cleanUp(): Promise<void> {
    const { run, family } = this.#options;
    await this.#rules.remove();
    await run({ command: 'ip', args: ['link', 'del', ipvsInterface] }); // It may not be there.
    this.#servers = null;
    const existing = await this.#currentServers().catch(() => new Map());
    await this.#ipvsadm(serversText(existing, new Map()));
    for (const name of ipSetNames)
      await run({ command: 'ipset', args: ['destroy', ipSetName(name, family)] });
    this.#sets = null;
  }

  /** What the kernel is to be like, and what of us it has already. */
  async #prepare(): Promise<void> {
    const { run, settings } = this.#options;
    if ((await run({ command: 'ip', args: ['link', 'show', ipvsInterface] })).exitCode !== 0)
      await this.#ok({ command: 'ip', args: ['link', 'add', ipvsInterface, 'type', 'dummy'] });
    await this.#ok({ command: 'sysctl', args: ['-qw', ...ipvsSysctls(settings)] });
    const { tcpTimeoutSeconds: tcp, tcpFinTimeoutSeconds: fin, udpTimeoutSeconds: udp } = settings;
    if (tcp + fin + udp > 0)
      await this.#ok({ command: 'ipvsadm', args: ['--set', ...[tcp, fin, udp].map(String)] });
    this.#servers = await this.#currentServers();
  }

  /** What somebody else changed is found, and put right by the writes that follow. */
  async #look(): Promise<void> {
    await this.#rules.check();
    const first = ipSetName('KUBE-CLUSTER-IP', this.#options.family);
    const { exitCode } = await this.#options.run({ command: 'ipset', args: ['list', '-n', first] });
    if (exitCode !== 0) this.#sets = null;
    this.#servers = await this.#currentServers();
  }

  async #writeSets(next: IpSets): Promise<void> {
    const text = ipSetText(this.#sets, next, this.#options.family);
    this.#sets = null;
    if (text !== '') await this.#ok({ command: 'ipset', args: ['restore'], stdin: text });
    this.#sets = next;
  }

  async #writeAddresses(wanted: ReadonlySet<string>): Promise<void> {
    const { family } = this.#options;
    const args = ['-j', `-${family}`, 'address', 'show', 'dev', ipvsInterface];
    const text = await this.#ok({ command: 'ip', args });
    const existing = addressesOf(text);
    const length = family === 4 ? 32 : 128;
    const line = (verb: string, ip: string) =>
      `address ${verb} ${ip}/${length} dev ${ipvsInterface}\n`;
    const lines = [
      ...[...existing].filter((ip) => !wanted.has(ip)).map((ip) => line('del', ip)),
      ...[...wanted].filter((ip) => !existing.has(ip)).map((ip) => line('add', ip)),
    ];
    if (lines.length > 0)
      await this.#ok({ command: 'ip', args: ['-batch', '-'], stdin: lines.join('') });
  }

  async #writeServers(next: VirtualServers): Promise<void> {
    const before = this.#servers ?? new Map();
    this.#servers = null;
    await this.#ipvsadm(serversText(before, next));
    this.#servers = withDraining(before, next);
  }

  async #forgetDrained(): Promise<void> {
    const args = ['--list', '--numeric'];
    const drained = parseDrained(await this.#ok({ command: 'ipvsadm', args }));
    const own = drained.filter(({ key, real }) => this.#servers?.get(key)?.reals.get(real) === 0);
    await this.#ipvsadm(own.map(({ key, real }) => `-d ${key} -r ${real}\n`).join(''));
    this.#servers = withoutReals(this.#servers ?? new Map(), own);
  }

  async #currentServers(): Promise<VirtualServers> {
    const { family, settings } = this.#options;
    const text = await this.#ok({ command: 'ipvsadm', args: ['--save', '--numeric'] });
    const excluded: readonly Cidr[] = settings.excludeCidrs.flatMap(
      (cidr) => parseCidr(cidr) ?? [],
    );
    const isOurs = (key: string) => {
      const ip = key.replace(/^\S+ \[?/, '').replace(/\]?:\d+$/, '');
      const address = parseIp(ip)?.address;
      return address === undefined || !excluded.some((cidr) => cidrContains(cidr, address));
    };
    return new Map([...parseServers(text, family)].filter(([key]) => isOurs(key)));
  }

  async #nodeIps({ family, nodePortAddresses }: NodeFacts): Promise<readonly string[]> {
    if (nodePortAddresses !== 'all') return nodePortAddresses;
    const all = await this.#options.machineAddresses();
    return all.filter((ip) => parseIp(ip)?.address.version === family && !ip.startsWith('127.'));
  }

  async #ipvsadm(stdin: string): Promise<void> {
    if (stdin !== '') await this.#ok({ command: 'ipvsadm', args: ['--restore'], stdin });
  }

  #ok(line: CommandLine): Promise<string> {
    return runToSuccess(this.#options.run, line);
  }
}

/** Connections are tracked, so that they can be masqueraded, and leave endpoints that are gone. */
function ipvsSysctls({ strictArp }: IpvsSettings): readonly string[] {
  return [
    'net.ipv4.vs.conntrack=1',
    'net.ipv4.vs.conn_reuse_mode=0',
    'net.ipv4.vs.expire_nodest_conn=1',
    'net.ipv4.vs.expire_quiescent_template=1',
    'net.ipv4.ip_forward=1',
    ...(strictArp ? ['net.ipv4.conf.all.arp_ignore=1', 'net.ipv4.conf.all.arp_announce=2'] : []),
  ];
}

/** Of `ip -j address show`, without those that the kernel gives by itself. */
function addressesOf(text: string): ReadonlySet<string> {
  type Row = { addr_info?: { local?: string; scope?: string }[] };
  const rows = JSON.parse(text.trim() || '[]') as Row[];
  return new Set(
    rows.flatMap(({ addr_info = [] }) =>
      addr_info.flatMap(({ local, scope }) => (scope === 'link' ? [] : (local ?? []))),
    ),
  );
}
