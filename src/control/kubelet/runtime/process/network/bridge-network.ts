import { formatCidr } from '../../../../machinery/ip-address.js';
import type { PortMapping } from '../../container-runtime.js';
import { RuntimeError } from '../../runtime-error.js';
import { mustRun, runTool } from '../namespaces.js';
import { type AddressPool, addressAt, parseSubnet, type Subnet } from './address-pool.js';
import type { HostPorts } from './host-ports.js';
import type { NetworkConnection, NetworkPlace, PodNetwork } from './pod-network.js';

/** Pods hang on a bridge of the node, which is their gateway; what leaves the pods' networks has the node's address. */
export class BridgePodNetwork implements PodNetwork {
  readonly #bridge: string;
  readonly #pool: AddressPool;
  readonly #ports: HostPorts;
  readonly #flatNetworks: readonly string[];
  /** One a version of IP, in the order of the node's. */
  #subnets: readonly Subnet[] = [];
  #isReady: Promise<void> | null = null;

  constructor(options: {
    /** An interface's name; one that is there is used. */
    readonly bridge: string;
    readonly pool: AddressPool;
    readonly ports: HostPorts;
    /** Where pods are reached, and seen, by their own addresses: those of the cluster's other pods. */
    readonly flatNetworks: readonly string[];
  }) {
    this.#bridge = options.bridge;
    this.#pool = options.pool;
    this.#ports = options.ports;
    this.#flatNetworks = options.flatNetworks;
  }

  async connect({ id, netns, config }: NetworkPlace): Promise<NetworkConnection> {
    const subnets = this.#subnets;
    if (subnets.length === 0) throw new RuntimeError('failed', noAddresses);
    this.#isReady ??= this.#makeBridge(subnets).catch((error: unknown) => {
      this.#isReady = null;
      throw error;
    });
    await this.#isReady;
    const given: Given[] = [];
    try {
      for (const subnet of subnets)
        given.push({ subnet, address: await this.#pool.take(subnet, id) });
      await this.#connectTo(given, { id, netns });
      await this.#forward(given, { id, ports: config.portMappings });
    } catch (error) {
      await this.disconnect({ id });
      throw error;
    }
    return { kind: 'bridge', ips: given.map(({ address }) => address) };
  }

  /** The pair of interfaces goes with its namespace; one that is left is removed. */
  async disconnect({ id }: { readonly id: string }): Promise<void> {
    await this.#ports.close(id);
    await runTool('ip', 'link', 'delete', hostInterface(id));
    await this.#pool.release(id);
  }

  async condition() {
    if (this.#subnets.length > 0) return { status: true, reason: '', message: '' };
    return { status: false, reason: 'NetworkPluginNotReady', message: noAddresses };
  }

  /** The first network of each version counts; they are kept when a later call names others. */
  updatePodCidr(cidrs: string): void {
    if (this.#subnets.length > 0) return;
    const subnets = cidrs.split(',').flatMap((cidr) => parseSubnet(cidr) ?? []);
    const versions = subnets.map(({ address }) => address.version);
    this.#subnets = subnets.filter((_, at) => versions.indexOf(versions[at] ?? 4) === at);
  }

  async #makeBridge(subnets: readonly Subnet[]): Promise<void> {
    const bridge = this.#bridge;
    const shown = await runTool('ip', 'link', 'show', 'dev', bridge);
    if (shown.exitCode !== 0) await mustRun(['ip', 'link', 'add', bridge, 'type', 'bridge']);
    for (const subnet of subnets) {
      const { forwarding, addressFlags } = versionFacts[subnet.address.version];
      await mustRun(['sh', '-c', forwarding]);
      const gateway = `${addressAt(subnet, 1)}/${subnet.prefixLength}`;
      await mustRun(['ip', 'address', 'replace', gateway, 'dev', bridge, ...addressFlags]);
    }
    await mustRun(['ip', 'link', 'set', bridge, 'up']);
    for (const subnet of subnets) await this.#masquerade(subnet);
  }

  /** A table of its own, replaced as a whole. Without nft pods reach the node and each other, and no farther. */
  async #masquerade(subnet: Subnet): Promise<void> {
    const network = formatCidr(subnet);
    const { version } = subnet.address;
    const { nft } = versionFacts[version];
    const table = `${nft} flotilla-pods-${this.#bridge}`;
    const own = this.#flatNetworks.filter((cidr) => cidr.includes(':') === (version === 6));
    const flat = [network, ...own].map((cidr) => `${nft} daddr ${cidr} return;`);
    const chain = `type nat hook postrouting priority srcnat; ${nft} saddr != ${network} return; ${flat.join(' ')} masquerade;`;
    const rules = `add table ${table}; delete table ${table}; table ${table} { chain out { ${chain} }; }`;
    await runTool('nft', rules);
  }

  /** Ports of the node lead to addresses of version 4. */
  async #forward(
    given: readonly Given[],
    { id, ports }: { readonly id: string; readonly ports: readonly PortMapping[] },
  ): Promise<void> {
    const first = given.find(({ subnet }) => subnet.address.version === 4);
    if (first !== undefined) {
      const network = formatCidr(first.subnet);
      await this.#ports.open(id, { address: first.address, network, ports });
    } else if (ports.length > 0) {
      const message = 'host ports lead to addresses of IPv4, which pods of this node have not';
      throw new RuntimeError('unsupported', message);
    }
  }

  async #connectTo(
    given: readonly Given[],
    { id, netns }: { readonly id: string; readonly netns: string },
  ): Promise<void> {
    const outer = hostInterface(id);
    await mustRun(
      ['ip', '-batch', '-'],
      lines([
        `link add ${outer} type veth peer name eth0 netns ${netns}`,
        `link set ${outer} master ${this.#bridge} up`,
        // A port that may send back to where it came from: a pod that reaches itself by its Service.
        `link set ${outer} type bridge_slave hairpin on`,
      ]),
    );
    const within = ['nsenter', `--net=${netns}`, '--'];
    if (given.some(({ subnet }) => subnet.address.version === 6))
      await mustRun([...within, 'sh', '-c', allowV6]);
    const factsOf = ({ subnet }: Given) => versionFacts[subnet.address.version];
    await mustRun(
      [...within, 'ip', '-batch', '-'],
      lines([
        ...given.map((each) => {
          const { address, subnet } = each;
          const flags = factsOf(each)
            .addressFlags.map((flag) => ` ${flag}`)
            .join('');
          return `address add ${address}/${subnet.prefixLength} dev eth0${flags}`;
        }),
        'link set eth0 up',
        ...given.map((each) => {
          const gateway = addressAt(each.subnet, 1);
          return `route add ${factsOf(each).everywhere} via ${gateway} dev eth0`;
        }),
      ]),
    );
  }
}

/** What a pod was given in one of the node's networks. */
interface Given {
  readonly subnet: Subnet;
  readonly address: string;
}

const noAddresses = 'the node has no addresses for pods yet (spec.podCIDR)';
const allowV6 = 'echo 0 >/proc/sys/net/ipv6/conf/all/disable_ipv6';

/** How the versions of IP differ. Addresses are given by one hand: nobody has to ask whether somebody has one, which takes a second. */
const versionFacts = {
  4: {
    nft: 'ip',
    everywhere: '0.0.0.0/0',
    forwarding: 'echo 1 >/proc/sys/net/ipv4/ip_forward',
    addressFlags: [] as readonly string[],
  },
  6: {
    nft: 'ip6',
    everywhere: '::/0',
    forwarding: `${allowV6}; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding`,
    addressFlags: ['nodad'] as readonly string[],
  },
} as const;

function lines(commands: readonly string[]): string {
  return `${commands.join('\n')}\n`;
}

/** Names of interfaces have 15 characters at most. */
function hostInterface(id: string): string {
  return `fp${id.slice(0, 12)}`;
}
