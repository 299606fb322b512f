import { type RunCommand, runToSuccess } from '../../host/command.js';
import { nftTable } from '../dataplane/nft-table.js';
import { NftWriter } from '../dataplane/nft-writer.js';
import { formatCidr, parseCidr, parseIp } from '../machinery/ip-address.js';

/** Nodes of one machine, each in a network namespace of its own. */
export interface NodeNamespacesOptions {
  /** Runs commands as the machine. */
  readonly run: RunCommand;
  /** Starts the names of the bridge and the namespaces: letters and digits, 8 at most. */
  readonly prefix: string;
  /** Where the nodes have their addresses, with those of the machine itself, one a version of IP: `172.30.0.1/24`, `fd00:30::1/64`. */
  readonly gateways: readonly string[];
  /** Where pods have theirs: nodes are seen there as they are, and everywhere else as the machine. Default: none. */
  readonly podNetworks?: readonly string[];
}

/** One of the nodes. */
export interface NamespacedNode {
  readonly namespace: string;
  /**
   * What stands before the words of a program that is to run as that node. It sees the files and mounts of the machine: what it mounts
   * outlives it.
   */
  readonly command: readonly string[];
  /** Runs commands as that node. */
  readonly run: RunCommand;
}

const prefixForm = /^[a-z][a-z0-9]{0,7}$/;

/**
 * Several nodes on one machine: a bridge of the machine, and a namespace a node that is joined to it, with the machine as its gateway.
 * Everything is found by name, so what a process that was killed left is found again. One call at a time.
 */
export class NodeNamespaces {
  readonly #run: RunCommand;
  readonly #prefix: string;
  readonly #gateways: readonly Gateway[];
  readonly #podNetworks: readonly string[];
  readonly #masquerades: NftWriter;

  /** Throws RangeError for a prefix or gateways of another form. */
  constructor({ run, prefix, gateways, podNetworks = [] }: NodeNamespacesOptions) {
    if (!prefixForm.test(prefix))
      throw new RangeError(
        `${JSON.stringify(prefix)} is no prefix: 8 lower-case letters and digits at most`,
      );
    this.#run = run;
    this.#prefix = prefix;
    this.#gateways = gateways.map(readGateway);
    if (new Set(this.#gateways.map(({ version }) => version)).size !== Math.max(1, gateways.length))
      throw new RangeError('give one gateway, or one of each version of IP');
    this.#podNetworks = podNetworks;
    this.#masquerades = new NftWriter({ run, at: this.#table });
  }

  /**
   * Makes a node, or what of it is missing. `index` counts from 1; addresses have their lengths, one a gateway: `172.30.0.11/24`. Rejects with
   * CommandError.
   */
  async ensure(index: number, addresses: readonly string[]): Promise<NamespacedNode> {
    await this.#ensureMachine();
    const node = this.#node(index);
    if (!(await this.#namespaces()).includes(node.namespace))
      await this.#ip(`netns add ${node.namespace}`);
    const within = (line: string) => ip(node.run, line);
    const near = `${this.#prefix}${index}v`;
    if (!(await succeeds(node.run, 'link show eth0'))) {
      await this.#run({ command: 'ip', args: ['link', 'del', near] }); // Half of what a killed process made.
      await this.#ip(`link add ${near} type veth peer name eth0 netns ${node.namespace}`);
    }
    await this.#ip(`link set ${near} master ${this.#bridge} up`);
    await within('link set lo up');
    await runToSuccess(node.run, { command: 'sysctl', args: ['-qw', ...this.#forwarding] });
    for (const address of addresses)
      await within(`addr replace ${address} dev eth0${atOnce(address)}`);
    await within('link set eth0 up');
    for (const { ip, version } of this.#gateways)
      await within(`route replace ${everywhere[version]} via ${ip}`);
    return node;
  }

  /**
   * Has the machine reach the pods of a node by their own addresses, as nodes do among themselves: those who serve an API server's webhooks
   * and aggregated APIs are asked by the machine. `addresses` are the node's, without their lengths. It can be repeated.
   */
  async reachPods(addresses: readonly string[], podCidrs: readonly string[]): Promise<void> {
    for (const cidr of podCidrs) {
      const via = addresses.find((address) => versionOf(address) === versionOf(cidr));
      if (via === undefined) continue; // Nodes have no addresses of that version.
      await this.#ip(`route replace ${cidr} via ${via} dev ${this.#bridge}`);
    }
  }

  /** Processes that run as nodes, whoever started them: those are to end before the nodes are removed. */
  async processes(): Promise<readonly number[]> {
    const found: number[] = [];
    for (const namespace of await this.#ownNamespaces())
      found.push(...words(await this.#ip(`netns pids ${namespace}`)).map(Number));
    return found;
  }

  /** Takes all nodes and the bridge away, whoever made them; processes that still run as a node are without a way out from then on. */
  async removeAll(): Promise<void> {
    if (await succeeds(this.#run, `link show ${this.#bridge}`)) {
      // By itself a pair of interfaces goes only when the last process of its namespace has ended.
      const ports = await this.#ip(`-br link show master ${this.#bridge}`);
      for (const line of ports.split('\n'))
        for (const port of words(line).slice(0, 1)) await this.#ip(`link del ${bare(port)}`);
      await this.#ip(`link del ${this.#bridge}`);
    }
    for (const namespace of await this.#ownNamespaces()) await this.#ip(`netns del ${namespace}`);
    await this.#masquerades.remove();
  }

  get #bridge(): string {
    return `${this.#prefix}br`;
  }

  get #table(): { readonly family: 'inet'; readonly name: string } {
    return { family: 'inet', name: `flotilla-nodes-${this.#prefix}` };
  }

  /** What has a kernel pass on what comes for others. */
  get #forwarding(): readonly string[] {
    return ['net.ipv4.ip_forward=1', ...(this.#hasV6 ? forwardingOfV6 : [])];
  }

  get #hasV6(): boolean {
    return this.#gateways.some(({ version }) => version === 6);
  }

  #node(index: number): NamespacedNode {
    const namespace = `${this.#prefix}-node-${index}`;
    const command = ['nsenter', `--net=/run/netns/${namespace}`, '--'];
    return {
      ...{ namespace, command },
      run: (line) => {
        const [first = '', ...rest] = [...command, line.command, ...line.args];
        return this.#run({ ...line, command: first, args: rest });
      },
    };
  }

  async #ensureMachine(): Promise<void> {
    if (!(await succeeds(this.#run, `link show ${this.#bridge}`))) {
      await this.#ip(`link add ${this.#bridge} type bridge`);
      // Else it would be the lowest one of its ports, and change while nodes come and go.
      const [{ ip = '' } = {}] = this.#gateways;
      await this.#ip(`link set ${this.#bridge} address ${hardwareAddress(ip)}`);
    }
    if (this.#hasV6) await runToSuccess(this.#run, { command: 'sh', args: ['-c', keepRouters] });
    await runToSuccess(this.#run, { command: 'sysctl', args: ['-qw', ...this.#forwarding] });
    for (const { text } of this.#gateways)
      await this.#ip(`addr replace ${text} dev ${this.#bridge}${atOnce(text)}`);
    await this.#ip(`link set ${this.#bridge} up`);
    await this.#masquerade();
  }

  /** Who is beyond the machine knows no way back to a node. */
  async #masquerade(): Promise<void> {
    const rules = this.#gateways.map(({ network, version }) => {
      const ip = version === 4 ? 'ip' : 'ip6';
      const pods = this.#podNetworks.filter((cidr) => versionOf(cidr) === version);
      const outside = [network, ...pods].map((cidr) => `${ip} daddr != ${cidr}`).join(' ');
      return `${ip} saddr ${network} ${outside} oifname != ${this.#bridge} masquerade fully-random`;
    });
    const spec = 'type nat hook postrouting priority 100;';
    const out = { kind: 'chain', name: 'out', spec, rules } as const;
    await this.#masquerades.check(out.name);
    await this.#masquerades.write(nftTable(this.#table, [out]));
  }

  async #ownNamespaces(): Promise<readonly string[]> {
    const own = `${this.#prefix}-node-`;
    return (await this.#namespaces()).filter((name) => name.startsWith(own));
  }

  async #namespaces(): Promise<readonly string[]> {
    const text = await this.#ip('netns list');
    return text.split('\n').flatMap((line) => words(line)[0] ?? []);
  }

  #ip(line: string): Promise<string> {
    return ip(this.#run, line);
  }
}

function ip(run: RunCommand, line: string): Promise<string> {
  return runToSuccess(run, { command: 'ip', args: line.split(' ') });
}

async function succeeds(run: RunCommand, line: string): Promise<boolean> {
  const { exitCode } = await run({ command: 'ip', args: line.split(' ') });
  return exitCode === 0;
}

/** `v1@if7` is the interface `v1`. */
function bare(name: string): string {
  return name.replace(/@.*/, '');
}

function words(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** The machine's own address in one of the nodes' networks. */
interface Gateway {
  readonly version: 4 | 6;
  /** With its length. */
  readonly text: string;
  readonly ip: string;
  readonly network: string;
}

function readGateway(text: string): Gateway {
  const cidr = parseCidr(text);
  if (cidr === null)
    throw new RangeError(`${JSON.stringify(text)} is no gateway: write 172.30.0.1/24`);
  const { version } = cidr.address;
  return { version, text, ip: text.replace(/\/.*/, ''), network: formatCidr(cidr) };
}

function versionOf(text: string): 4 | 6 {
  return text.includes(':') ? 6 : 4;
}

const everywhere = { 4: '0.0.0.0/0', 6: '::/0' } as const;
const forwardingOfV6 = ['net.ipv6.conf.all.disable_ipv6=0', 'net.ipv6.conf.all.forwarding=1'];

/** A machine that passes on packets of IPv6 would take no advertisements of its routers any more, and lose its own way out. */
const keepRouters =
  'for each in /proc/sys/net/ipv6/conf/*/accept_ra; do [ "$(cat $each)" != 1 ] || echo 2 >$each; done';

/** The addresses are given by one hand: nobody has to ask whether somebody else has one, which takes a second. */
function atOnce(address: string): string {
  return versionOf(address) === 6 ? ' nodad' : '';
}

/** One that no vendor has, always the same for an address: the last bytes of it. */
function hardwareAddress(ip: string): string {
  const value = parseIp(ip)?.address.value ?? 0n;
  const bytes = [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn);
  return ['02', 'f1', ...bytes.map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}
