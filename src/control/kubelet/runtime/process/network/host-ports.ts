import { join } from 'node:path';
import {
  listNames,
  makeDirectory,
  readTextIfPresent,
  removeTree,
  writeTextAtomically,
} from '../../../../../host/state-files.js';
import type { PortMapping } from '../../container-runtime.js';
import { RuntimeError } from '../../runtime-error.js';
import { mustRun, runTool } from '../namespaces.js';

/** What is forwarded to a pod. */
interface ForwardedPorts {
  readonly address: string;
  readonly ports: readonly PortMapping[];
}

/** Of connections that a pod of this node has begun with an address of the node: a bit of the mark. */
const ofNeighbour = '0x10000000';

/**
 * Ports of the node that are forwarded to pods on a bridge, by a table of nftables: a map that is changed pod by pod. What belongs to whom is
 * in files, so that a port has one owner and a kubelet that starts again knows it.
 */
export class HostPorts {
  readonly #bridge: string;
  readonly #directory: string;
  readonly #table: string;
  /** One change after the other: who comes second sees that a port is taken. */
  #work: Promise<unknown> = Promise.resolve();
  #hasTable = false;

  constructor(options: { readonly bridge: string; readonly directory: string }) {
    this.#bridge = options.bridge;
    this.#directory = options.directory;
    this.#table = `ip flotilla-ports-${options.bridge}`;
  }

  /** Rejects with RuntimeError when a port is another pod's, or nothing can be forwarded here; then nothing is. */
  open(id: string, forwarded: ForwardedPorts & { readonly network: string }): Promise<void> {
    return this.#inTurn(async () => {
      const { address, ports, network } = forwarded;
      if (ports.length === 0) return;
      await this.#refuseTaken(ports);
      if (!this.#hasTable) await this.#makeTable(network);
      this.#hasTable = true;
      await makeDirectory(this.#directory);
      await writeTextAtomically(join(this.#directory, id), JSON.stringify({ address, ports }));
      await mustRun(['nft', changes('add', this.#table, { address, ports })]);
    });
  }

  /** Takes back what was forwarded to a pod; nothing is no error. */
  close(id: string): Promise<void> {
    return this.#inTurn(async () => {
      const forwarded = await this.#of(id);
      if (forwarded === null) return;
      // After a reboot there is no such table.
      await runTool('nft', changes('delete', this.#table, forwarded));
      await removeTree(join(this.#directory, id));
    });
  }

  async #refuseTaken(wanted: readonly PortMapping[]): Promise<void> {
    for (const port of wanted) {
      if (port.hostIp.includes(':')) {
        throw new RuntimeError(
          'unsupported',
          `host port ${port.hostPort} on ${port.hostIp}: only addresses of IPv4 are forwarded`,
        );
      }
    }
    for (const owner of await listNames(this.#directory)) {
      for (const taken of (await this.#of(owner))?.ports ?? []) {
        const clash = wanted.find((port) => overlap(port, taken));
        if (clash === undefined) continue;
        const name = `${clash.hostPort}/${clash.protocol}`;
        throw new RuntimeError('failed', `host port ${name} is another pod's`);
      }
    }
  }

  async #of(id: string): Promise<ForwardedPorts | null> {
    const text = await readTextIfPresent(join(this.#directory, id));
    return text === null ? null : (JSON.parse(text) as ForwardedPorts);
  }

  async #makeTable(network: string): Promise<void> {
    await mustRun(['nft', tableRules({ table: this.#table, bridge: this.#bridge, network })]);
    // A connection from the node's loopback leaves by the bridge until its source has become the node's address there.
    const path = `/proc/sys/net/ipv4/conf/${this.#bridge}/route_localnet`;
    await mustRun(['sh', '-c', `echo 1 >${path}`]);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => undefined);
    return done;
  }
}

/**
 * The rules, made anew around the maps' elements, which stay. Pods that reach a port of their own node get the answer by way of the node,
 * since each of them is the other's neighbour; and no pod reaches the node's loopback, which the bridge now would route to.
 */
function tableRules(of: { table: string; bridge: string; network: string }): string {
  const { table, bridge, network } = of;
  return `add table ${table}
flush table ${table}
table ${table} {
  map wide { type inet_proto . inet_service : ipv4_addr . inet_service; }
  map narrow { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }
  set targets { type ipv4_addr . inet_proto . inet_service; }
  chain forward {
    dnat ip to ip daddr . meta l4proto . th dport map @narrow
    dnat ip to meta l4proto . th dport map @wide
  }
  chain guard {
    type filter hook prerouting priority raw;
    iifname "${bridge}" ip daddr 127.0.0.0/8 drop
  }
  chain arriving {
    type nat hook prerouting priority dstnat;
    ip saddr ${network} fib daddr type local ct mark set ct mark or ${ofNeighbour}
    fib daddr type local jump forward
  }
  chain own {
    type nat hook output priority -100;
    fib daddr type local jump forward
  }
  chain leaving {
    type nat hook postrouting priority srcnat;
    ct status dnat ip daddr . meta l4proto . th dport @targets jump answered
  }
  chain answered {
    ip saddr 127.0.0.0/8 masquerade
    ct mark and ${ofNeighbour} == ${ofNeighbour} masquerade
  }
}`;
}

/** What is in two lines is in one: a change that is made twice is none. */
function changes(
  verb: 'add' | 'delete',
  table: string,
  { address, ports }: ForwardedPorts,
): string {
  const lines = ports.flatMap((port) => {
    const protocol = port.protocol.toLowerCase();
    const key = `${protocol} . ${port.hostPort}`;
    const [map, whole] = isWide(port) ? ['wide', key] : ['narrow', `${port.hostIp} . ${key}`];
    return [
      `${verb} element ${table} ${map} { ${whole} : ${address} . ${port.containerPort} }`,
      `${verb} element ${table} targets { ${address} . ${protocol} . ${port.containerPort} }`,
    ];
  });
  return [...new Set(lines)].join('\n');
}

function isWide({ hostIp }: PortMapping): boolean {
  return hostIp === '' || hostIp === '0.0.0.0';
}

function overlap(one: PortMapping, other: PortMapping): boolean {
  if (one.protocol !== other.protocol || one.hostPort !== other.hostPort) return false;
  return isWide(one) || isWide(other) || one.hostIp === other.hostIp;
}
