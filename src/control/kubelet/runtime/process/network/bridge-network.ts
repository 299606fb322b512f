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
  #subnet: Subnet | null = null;
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
    const subnet = this.#subnet;
    if (subnet === null) {
      throw new RuntimeError('failed', 'the node has no addresses for pods yet (spec.podCIDR)');
    }
    this.#isReady ??= this.#makeBridge(subnet).catch((error: unknown) => {
      this.#isReady = null;
      throw error;
    });
    await this.#isReady;
    const address = await this.#pool.take(subnet, id);
    try {
      await this.#connectTo(address, subnet, { id, netns });
      const network = `${addressAt(subnet, 0)}/${subnet.prefix}`;
      await this.#ports.open(id, { address, network, ports: config.portMappings });
    } catch (error) {
      await this.disconnect({ id });
      throw error;
    }
    return { kind: 'bridge', ips: [address] };
  }

  /** The pair of interfaces goes with its namespace; one that is left is removed. */
  async disconnect({ id }: { readonly id: string }): Promise<void> {
    await this.#ports.close(id);
    await runTool('ip', 'link', 'delete', hostInterface(id));
    await this.#pool.release(id);
  }

  async condition() {
    if (this.#subnet !== null) return { status: true, reason: '', message: '' };
    const message = 'the node has no addresses for pods yet (spec.podCIDR)';
    return { status: false, reason: 'NetworkPluginNotReady', message };
  }

  /** The first network of version 4 counts; it is kept when a later call names another. */
  updatePodCidr(cidrs: string): void {
    const [first] = cidrs.split(',').flatMap((cidr) => parseSubnet(cidr) ?? []);
    this.#subnet ??= first ?? null;
  }

  async #makeBridge(subnet: Subnet): Promise<void> {
    const bridge = this.#bridge;
    const shown = await runTool('ip', 'link', 'show', 'dev', bridge);
    if (shown.exitCode !== 0) await mustRun(['ip', 'link', 'add', bridge, 'type', 'bridge']);
    const gateway = `${addressAt(subnet, 1)}/${subnet.prefix}`;
    await mustRun(['ip', 'address', 'replace', gateway, 'dev', bridge]);
    await mustRun(['ip', 'link', 'set', bridge, 'up']);
    await mustRun(['sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward']);
    await this.#masquerade(`${addressAt(subnet, 0)}/${subnet.prefix}`);
  }

  /** A table of its own, replaced as a whole. Without nft pods reach the node and each other, and no farther. */
  async #masquerade(network: string): Promise<void> {
    const table = `ip flotilla-pods-${this.#bridge}`;
    const flat = [network, ...this.#flatNetworks].map((cidr) => `ip daddr ${cidr} return;`);
    const chain = `type nat hook postrouting priority srcnat; ip saddr != ${network} return; ${flat.join(' ')} masquerade;`;
    const rules = `add table ${table}; delete table ${table}; table ${table} { chain out { ${chain} }; }`;
    await runTool('nft', rules);
  }

  async #connectTo(
    address: string,
    subnet: Subnet,
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
    await mustRun(
      ['nsenter', `--net=${netns}`, '--', 'ip', '-batch', '-'],
      lines([
        `address add ${address}/${subnet.prefix} dev eth0`,
        'link set eth0 up',
        `route add default via ${addressAt(subnet, 1)}`,
      ]),
    );
  }
}

function lines(commands: readonly string[]): string {
  return `${commands.join('\n')}\n`;
}

/** Names of interfaces have 15 characters at most. */
function hostInterface(id: string): string {
  return `fp${id.slice(0, 12)}`;
}
