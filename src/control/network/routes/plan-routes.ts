import type { Node } from '../../api/gen/core-v1.js';
import { type NftTable, nftTable } from '../../dataplane/nft-table.js';
import {
  type Cidr,
  formatCidr,
  formatIp,
  type IpAddress,
  parseCidr,
  parseIp,
} from '../../machinery/ip-address.js';

/** A way to the pods of another node. */
export interface PodRoute {
  readonly version: 4 | 6;
  readonly cidr: string;
  readonly via: string;
}

/** Routes to the pods of all other nodes, by the addresses of those nodes; sorted. A node without an address or a network in a family is left out. */
export function planRoutes(nodes: Iterable<Node>, nodeName: string): readonly PodRoute[] {
  const routes: PodRoute[] = [];
  for (const node of nodes) {
    if (node.metadata.name === nodeName) continue;
    for (const cidr of podCidrs(node)) {
      const via = internalAddresses(node).find(({ version }) => version === cidr.address.version);
      if (via === undefined) continue;
      routes.push({ version: via.version, cidr: formatCidr(cidr), via: formatIp(via) });
    }
  }
  return routes.sort((a, b) => (a.cidr < b.cidr ? -1 : 1));
}

/** The pod networks of a node. */
export function podCidrs({ spec }: Node): readonly Cidr[] {
  const texts = spec?.podCIDRs ?? (spec?.podCIDR === undefined ? [] : [spec.podCIDR]);
  return texts.flatMap((text) => parseCidr(text) ?? []);
}

function internalAddresses({ status }: Node): readonly IpAddress[] {
  const internal = (status?.addresses ?? []).filter(({ type }) => type === 'InternalIP');
  return internal.flatMap(({ address }) => parseIp(address ?? '')?.address ?? []);
}

/** The table that lets pods reach what is outside the cluster. */
export const masqueradeTable = { family: 'inet', name: 'flotilla-network' } as const;

const versions = [4, 6] as const;

/** What this node's pods send to neither pods nor nodes leaves with the node's address. Without `clusterCidrs`, pods are told by the networks of the nodes. */
export function planMasquerade(
  nodes: Iterable<Node>,
  of: { readonly nodeName: string; readonly clusterCidrs: readonly string[] },
): NftTable {
  const all = [...nodes];
  const own = all.find(({ metadata }) => metadata.name === of.nodeName);
  const addresses = all.flatMap(internalAddresses);
  const given = of.clusterCidrs.flatMap((text) => parseCidr(text) ?? []);
  const known = [...given, ...(given.length === 0 ? all.flatMap(podCidrs) : [])];
  const sets = versions.map((version) => ({
    ...{ kind: 'set' as const, name: `nodes-${version}` },
    spec: `type ${version === 4 ? 'ipv4_addr' : 'ipv6_addr'};`,
    elements: new Map(
      addresses.flatMap((each): [string, string][] =>
        each.version === version ? [[formatIp(each), '']] : [],
      ),
    ),
  }));
  const rules = (own === undefined ? [] : podCidrs(own)).map((cidr) => masqueradeRule(cidr, known));
  const spec = 'type nat hook postrouting priority 100;';
  return nftTable(masqueradeTable, [...sets, { kind: 'chain', name: 'postrouting', spec, rules }]);
}

function masqueradeRule(own: Cidr, known: readonly Cidr[]): string {
  const { version } = own.address;
  const ip = version === 4 ? 'ip' : 'ip6';
  const networks = new Set([
    ...known.filter(({ address }) => address.version === version).map(formatCidr),
    version === 4 ? '224.0.0.0/4' : 'ff00::/8',
  ]);
  const outside = [...networks].sort().map((network) => `${ip} daddr != ${network}`);
  return [
    `${ip} saddr ${formatCidr(own)}`,
    ...outside,
    `${ip} daddr != @nodes-${version} masquerade fully-random`,
  ].join(' ');
}
