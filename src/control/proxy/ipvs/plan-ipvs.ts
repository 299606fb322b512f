import type { NodeFacts } from '../model/node-facts.js';
import type { Protocol, ServicePortView, Target } from '../model/service-port.js';
import { type IpSetName, type IpSets, ipSetNames } from './ip-sets.js';
import {
  serverKey,
  socketText,
  type VirtualServer,
  type VirtualServers,
} from './virtual-servers.js';

/** What a node has in mode ipvs, but for the rules of iptables, which services do not change. */
export interface IpvsPlan {
  /** Of the interface `kube-ipvs0`: what is sent to them comes in, and is balanced then. */
  readonly addresses: ReadonlySet<string>;
  readonly servers: VirtualServers;
  readonly sets: IpSets;
}

/** What the plan depends on besides services. */
export interface IpvsFacts extends NodeFacts {
  readonly scheduler: string;
  /** Addresses of the node that serve node ports: each is balanced by itself. */
  readonly nodeIps: readonly string[];
}

/** A function of services alone. Of two ports that claim one address the first gets it. */
export function planIpvs(ports: readonly ServicePortView[], facts: IpvsFacts): IpvsPlan {
  const plan = new Plan(facts);
  for (const port of ports) plan.addPort(port);
  return plan;
}

class Plan implements IpvsPlan {
  readonly addresses = new Set<string>();
  readonly servers = new Map<string, VirtualServer>();
  readonly sets = new Map<IpSetName, Set<string>>(ipSetNames.map((name) => [name, new Set()]));
  readonly #facts: IpvsFacts;

  constructor(facts: IpvsFacts) {
    this.#facts = facts;
  }

  addPort(port: ServicePortView): void {
    const internal = port.isInternalLocal ? port.localTargets : port.clusterTargets;
    this.#addAddress(port, port.clusterIp, internal);
    this.#add('KUBE-CLUSTER-IP', entryOf(port, port.clusterIp));
    const external = port.isExternalLocal ? port.localTargets : port.clusterTargets;
    for (const ip of port.externalIps) {
      this.#addAddress(port, ip, external);
      const set = port.isExternalLocal ? 'KUBE-EXTERNAL-IP-LOCAL' : 'KUBE-EXTERNAL-IP';
      this.#add(set, entryOf(port, ip));
    }
    for (const ip of port.loadBalancerIps) this.#addBalancer(port, ip, external);
    if (port.nodePort !== 0) this.#addNodePort(port, external);
    for (const { ip, port: number, isLocal } of [...port.clusterTargets, ...port.localTargets])
      if (isLocal) this.#add('KUBE-LOOP-BACK', `${ip},${port.protocol}:${number},${ip}`);
  }

  #addBalancer(port: ServicePortView, ip: string, targets: readonly Target[]): void {
    const entry = entryOf(port, ip);
    this.#addAddress(port, ip, targets);
    this.#add('KUBE-LOAD-BALANCER', entry);
    if (port.isExternalLocal) this.#add('KUBE-LOAD-BALANCER-LOCAL', entry);
    // A set cannot hold all addresses as a network, and they keep nobody out.
    if (port.sourceRanges.length === 0 || port.sourceRanges.some((cidr) => cidr.endsWith('/0')))
      return;
    this.#add('KUBE-LOAD-BALANCER-FW', entry);
    for (const cidr of port.sourceRanges)
      this.#add('KUBE-LOAD-BALANCER-SOURCE-CIDR', `${entry},${cidr}`);
  }

  #addNodePort(port: ServicePortView, targets: readonly Target[]): void {
    const { protocol, nodePort, isExternalLocal } = port;
    for (const ip of this.#facts.nodeIps) {
      this.#addServer(port, serverKey(protocol, ip, nodePort), targets);
      if (protocol !== 'sctp') continue;
      this.#add('KUBE-NODE-PORT-SCTP-HASH', `${ip},sctp:${nodePort}`);
      if (isExternalLocal) this.#add('KUBE-NODE-PORT-LOCAL-SCTP-HASH', `${ip},sctp:${nodePort}`);
    }
    if (protocol === 'sctp') return;
    const { all, local } = nodePortSets[protocol];
    this.#add(all, String(nodePort));
    if (isExternalLocal) this.#add(local, String(nodePort));
  }

  #addAddress(port: ServicePortView, ip: string, targets: readonly Target[]): void {
    this.addresses.add(ip);
    this.#add('KUBE-IPVS-IPS', ip);
    this.#addServer(port, serverKey(port.protocol, ip, port.port), targets);
  }

  #addServer(port: ServicePortView, key: string, targets: readonly Target[]): void {
    if (this.servers.has(key)) return;
    const reals = new Map(targets.map((target) => [socketText(target.ip, target.port), 1]));
    const { scheduler } = this.#facts;
    this.servers.set(key, { scheduler, persistSeconds: port.affinitySeconds, reals });
  }

  #add(set: IpSetName, entry: string): void {
    this.sets.get(set)?.add(entry);
  }
}

const nodePortSets: Readonly<
  Record<Exclude<Protocol, 'sctp'>, { readonly all: IpSetName; readonly local: IpSetName }>
> = {
  tcp: { all: 'KUBE-NODE-PORT-TCP', local: 'KUBE-NODE-PORT-LOCAL-TCP' },
  udp: { all: 'KUBE-NODE-PORT-UDP', local: 'KUBE-NODE-PORT-LOCAL-UDP' },
};

function entryOf({ protocol, port }: ServicePortView, ip: string): string {
  return `${ip},${protocol}:${port}`;
}
