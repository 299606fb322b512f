import type { NodeFacts } from '../model/node-facts.js';
import type { ServicePortView, Target } from '../model/service-port.js';
import { servicePortName } from '../model/service-port.js';

/** A place where connections are taken, and where they go from there. */
export interface Entry {
  /** The same as long as it is the same place: `default/web:http/tcp cluster`. */
  readonly id: string;
  /** `default/web:http`. */
  readonly service: string;
  readonly protocol: 'tcp' | 'udp';
  readonly hosts: readonly string[];
  /** 0: any. */
  readonly port: number;
  readonly targets: readonly Target[];
  readonly affinitySeconds: number;
  /** Who may come; empty: everybody. */
  readonly sourceRanges: readonly string[];
  /** What is to be redirected here, where somebody can: addresses of `destinationPort`. */
  readonly destinations: readonly string[];
  readonly destinationPort: number;
}

/** What a node can do. */
export interface EntryFacts extends Pick<NodeFacts, 'family' | 'nodePortAddresses'> {
  /** Whether the kernel sends connections to services' addresses to the entries. */
  readonly redirects: boolean;
}

/** Where a port of a service is served: a function of the service alone. SCTP is for kernels only. */
export function planEntries(port: ServicePortView, facts: EntryFacts): readonly Entry[] {
  const { protocol } = port;
  if (protocol === 'sctp') return [];
  const name = servicePortName(port);
  const external = port.isExternalLocal ? port.localTargets : port.clusterTargets;
  const entry = (kind: string, change: Partial<Entry>): Entry => ({
    ...{ id: `${name}/${protocol} ${kind}`, service: name, protocol },
    ...{ hosts: ownHosts(protocol, facts), port: 0, targets: external, sourceRanges: [] },
    ...{ affinitySeconds: port.affinitySeconds, destinations: [], destinationPort: port.port },
    ...change,
  });
  const entries = [
    entry('cluster', {
      targets: port.isInternalLocal ? port.localTargets : port.clusterTargets,
      destinations: [port.clusterIp],
    }),
  ];
  if (port.nodePort !== 0)
    entries.push(entry('node port', { port: port.nodePort, hosts: nodePortHosts(facts) }));
  // Without anybody who redirects, nobody would come by these.
  if (!facts.redirects) return entries;
  if (port.externalIps.length > 0)
    entries.push(entry('external', { destinations: port.externalIps }));
  const { loadBalancerIps, sourceRanges } = port;
  if (loadBalancerIps.length > 0)
    entries.push(entry('load balancer', { destinations: loadBalancerIps, sourceRanges }));
  return entries;
}

/**
 * Only who is redirected comes from elsewhere than this machine. Datagrams that the machine sends itself are redirected to its loopback
 * address, and are to be answered from there: what listens on all addresses would answer from another.
 */
function ownHosts(protocol: Entry['protocol'], { family, redirects }: EntryFacts): string[] {
  const loopback = family === 4 ? '127.0.0.1' : '::1';
  if (!redirects) return [loopback];
  const any = family === 4 ? '0.0.0.0' : '::';
  return protocol === 'udp' ? [loopback, any] : [any];
}

function nodePortHosts({ family, nodePortAddresses }: EntryFacts): readonly string[] {
  if (nodePortAddresses !== 'all') return nodePortAddresses;
  return [family === 4 ? '0.0.0.0' : '::'];
}
