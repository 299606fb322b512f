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
import { TcpEntry } from '../../control/proxy/index.js';
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

/** The node ports of services by TCP, with the name of each service. */
export function nodePortsOf(services: Iterable<Service>): ReadonlyMap<number, string> {
  const ports = new Map<number, string>();
  for (const { metadata, spec } of services) {
    const { namespace = '', name = '' } = metadata;
    for (const { nodePort = 0, protocol = 'TCP' } of spec?.ports ?? [])
      if (nodePort !== 0 && protocol === 'TCP') ports.set(nodePort, `${namespace}/${name}`);
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
  readonly #open = new Map<number, TcpEntry | null>();
  #wanted: ReadonlyMap<number, string> = new Map();
  #work: Promise<void> = Promise.resolve();

  constructor(options: NodePortsOptions) {
    this.#options = options;
  }

  want(ports: ReadonlyMap<number, string>): void {
    this.#wanted = ports;
    this.#work = this.#work.then(() => this.#change());
  }

  /** Resolves when all is as wanted. */
  settled(): Promise<void> {
    return this.#work;
  }

  async #change(): Promise<void> {
    for (const [port, entry] of this.#open) {
      if (this.#wanted.has(port)) continue;
      await entry?.close();
      this.#open.delete(port);
    }
    for (const [port, service] of this.#wanted)
      if (!this.#open.has(port)) this.#open.set(port, await this.#listen(port, service));
  }

  /** Null: it cannot be had. */
  async #listen(port: number, service: string): Promise<TcpEntry | null> {
    const { host, nodes, clock, console } = this.#options;
    const entry = new TcpEntry(clock);
    const what = {
      ...{ id: `${service} ${port}`, service, protocol: 'tcp' as const, hosts: [host], port },
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
      console.bad(`node port ${port} of ${service} is on the nodes alone: ${reason}`);
      return null;
    }
  }
}
