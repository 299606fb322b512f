import { unreachable } from '../../base/assert.js';
import type { Node } from '../api/gen/core-v1.js';
import { cidrContains, formatIp, parseCidr, parseIp } from '../machinery/ip-address.js';
import type { NodePlace } from './model/choose-targets.js';
import type { NodeFacts, PodSource } from './model/node-facts.js';
import type { IpFamily } from './model/service-port.js';

const zoneLabel = 'topology.kubernetes.io/zone';

/** How pods are told from others: by all pods' network, by that of this node's pods, or by where their packets come in. */
export type LocalDetection =
  | { readonly mode: 'ClusterCIDR' | 'NodeCIDR' }
  | { readonly mode: 'BridgeInterface' | 'InterfaceNamePrefix'; readonly name: string };

/** What the flags say of rules, beside what the cluster says. */
export interface ProxySettings {
  /** CIDRs; `primary`: the addresses that the Node has; empty: all addresses. */
  readonly nodePortAddresses: readonly string[];
  /** One a family at most. */
  readonly clusterCidrs: readonly string[];
  readonly localDetection: LocalDetection;
  readonly servesLoopbackNodePorts: boolean;
  readonly masqueradesAll: boolean;
  readonly masqueradeBit: number;
  readonly balance: NodeFacts['balance'];
}

/** Where the node is; before it is registered it has no zone. */
export function placeOf(nodeName: string, node: Node | undefined): NodePlace {
  return { name: nodeName, zone: node?.metadata.labels?.[zoneLabel] ?? '' };
}

/** What rules depend on in a family. `machineAddresses` are those that the machine has. */
export function factsOf(
  settings: ProxySettings,
  of: {
    readonly family: IpFamily;
    readonly node: Node | undefined;
    readonly machineAddresses: readonly string[];
  },
): NodeFacts {
  const { family, node, machineAddresses } = of;
  const { masqueradesAll, masqueradeBit, balance, servesLoopbackNodePorts } = settings;
  return {
    ...{ family, masqueradesAll, masqueradeBit, balance, servesLoopbackNodePorts },
    podSource: podSourceOf(settings, family, node),
    nodePortAddresses: nodePortAddresses(settings.nodePortAddresses, {
      family,
      primary: internalIps(node),
      machineAddresses,
    }),
  };
}

function podSourceOf(
  { localDetection, clusterCidrs }: ProxySettings,
  family: IpFamily,
  node: Node | undefined,
): PodSource | null {
  switch (localDetection.mode) {
    case 'ClusterCIDR':
      return cidrSource(clusterCidrs, family);
    case 'NodeCIDR': {
      const { podCIDRs, podCIDR } = node?.spec ?? {};
      return cidrSource(podCIDRs ?? (podCIDR === undefined ? [] : [podCIDR]), family);
    }
    case 'BridgeInterface':
      return { by: 'interface', name: localDetection.name, isPrefix: false };
    case 'InterfaceNamePrefix':
      return { by: 'interface', name: localDetection.name, isPrefix: true };
    default:
      return unreachable(localDetection);
  }
}

function cidrSource(cidrs: readonly string[], family: IpFamily): PodSource | null {
  const cidr = cidrs.find((text) => parseCidr(text)?.address.version === family);
  return cidr === undefined ? null : { by: 'cidr', cidr };
}

function nodePortAddresses(
  wanted: readonly string[],
  of: {
    readonly family: IpFamily;
    readonly primary: readonly string[];
    readonly machineAddresses: readonly string[];
  },
): readonly string[] | 'all' {
  const { family, primary, machineAddresses } = of;
  if (wanted.length === 0) return 'all';
  // Until the node tells its addresses, nobody can say which is the primary one.
  if (wanted.includes('primary')) return primary.length === 0 ? 'all' : ofFamily(primary, family);
  const cidrs = wanted.flatMap((text) => parseCidr(text) ?? []);
  const own = cidrs.filter(({ address }) => address.version === family);
  if (own.some(({ prefixLength }) => prefixLength === 0)) return 'all';
  return ofFamily(machineAddresses, family).filter((text) => {
    const address = parseIp(text)?.address;
    return address !== undefined && own.some((cidr) => cidrContains(cidr, address));
  });
}

function ofFamily(texts: readonly string[], family: IpFamily): readonly string[] {
  const addresses = texts.flatMap((text) => parseIp(text)?.address ?? []);
  const texted = addresses.filter(({ version }) => version === family).map(formatIp);
  return [...new Set(texted)].sort();
}

/** The addresses by which others of the cluster reach a node. */
export function internalIps(node: Node | undefined): readonly string[] {
  const addresses = node?.status?.addresses ?? [];
  return addresses.flatMap(({ type, address }) =>
    type === 'InternalIP' && address !== undefined ? [address] : [],
  );
}
