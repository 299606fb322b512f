import { AssertionError } from '../../base/assert.js';
import type { Clock } from '../../base/clock.js';
import { silentLogger } from '../../base/logger.js';
import type { Service } from '../../control/api/gen/core-v1.js';
import {
  connectRest,
  readKubeconfig,
  resources,
  SharedInformers,
} from '../../control/client/index.js';
import { type Entry, type OpenEntry, TcpEntry, UdpEntry } from '../../control/proxy/index.js';
import { entropyPrng } from '../../host/entropy.js';
import type { Console } from './console.js';

/** Where node ports are to be, and what they lead to. */
export interface NodePortsOptions {
  readonly kubeconfig: string;
  /** An address of this machine. */
  readonly host: string;
  /** The addresses of the nodes, each of which has all node ports. */
  readonly nodes: readonly string[];
  readonly clock: Clock;
  readonly console: Console;
}

/** A node port of a service. */
export interface NodePort {
  readonly protocol: Entry['protocol'];
  readonly port: number;
  /** `default/web`. */
  readonly service: string;
}

/** A conversation by datagrams is over after that long without one. */
const udpIdleMs = 30_000;

/** The node ports of services by TCP and UDP, by number and protocol. Those of SCTP are on the nodes alone: a process cannot pass it on. */
export function nodePortsOf(services: Iterable<Service>): ReadonlyMap<string, NodePort> {
  const ports = new Map<string, NodePort>();
  for (const { metadata, spec } of services) {
    const service = `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
    for (const { nodePort: port = 0, protocol: written = 'TCP' } of spec?.ports ?? []) {
      if (port === 0 || written === 'SCTP') continue;
      const protocol = written === 'UDP' ? 'udp' : 'tcp';
      ports.set(`${port}/${protocol}`, { protocol, port, service });
    }
  }
  return ports;
}

/**
 * Until the signal aborts, the node ports of nodes in namespaces are at an address of the machine as well: connections are passed on to
 * the nodes in turn. A port that something else has is told and left to it.
 */
export async function serveNodePorts(
  options: NodePortsOptions,
  signal: AbortSignal,
): Promise<void> {
  const { clock, kubeconfig } = options;
  const access = await readKubeconfig(kubeconfig);
  const client = connectRest(access, { clock, userAgent: 'flotilla-up' });
  const informers = new SharedInformers({
    ...{ client, clock, prng: entropyPrng(), logger: silentLogger },
  });
  const services = informers.of(resources.services);
  const doors = new Doors(options);
  const onChange = () => doors.want(nodePortsOf(services.lister.all()));
  services.addHandler({ onAdd: onChange, onUpdate: onChange, onDelete: onChange });
  try {
    await informers.run(signal);
  } finally {
    doors.want(new Map());
    await doors.settled();
    await client.close();
  }
}

/** Ports that are listened on. */
class Doors {
  readonly #options: NodePortsOptions;
  /** Null: it cannot be had. */
  readonly #open = new Map<string, OpenEntry | null>();
  #wanted: ReadonlyMap<string, NodePort> = new Map();
  #work: Promise<void> = Promise.resolve();

  constructor(options: NodePortsOptions) {
    this.#options = options;
  }

  want(ports: ReadonlyMap<string, NodePort>): void {
    this.#wanted = ports;
    this.#work = this.#work.then(() => this.#change());
  }

  /** Resolves when all is as wanted. */
  settled(): Promise<void> {
    return this.#work;
  }

  async #change(): Promise<void> {
    for (const [key, entry] of this.#open) {
      if (this.#wanted.has(key)) continue;
      await entry?.close();
      this.#open.delete(key);
    }
    for (const [key, wanted] of this.#wanted)
      if (!this.#open.has(key)) this.#open.set(key, await this.#listen(wanted));
  }

  async #listen({ port, protocol, service }: NodePort): Promise<OpenEntry | null> {
    const { host, nodes, clock, console } = this.#options;
    const entry = protocol === 'tcp' ? new TcpEntry(clock) : new UdpEntry(clock, udpIdleMs);
    const what: Entry = {
      ...{ id: `${service} ${port}/${protocol}`, service, protocol, hosts: [host], port },
      targets: nodes.map((ip) => ({ ip, port, isLocal: false })),
      ...{ affinitySeconds: 0, sourceRanges: [], destinations: [], destinationPort: port },
    };
    try {
      await entry.open(what);
      entry.update(what);
      return entry;
    } catch (error) {
      if (error instanceof AssertionError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      console.bad(`node port ${port}/${protocol} of ${service} is on the nodes alone: ${reason}`);
      return null;
    }
  }
}
