/** Networks of one version of IP. */
export interface FamilyNetwork {
  /** The machine's own address among the nodes, with its length. */
  readonly gateway: string;
  readonly podCidr: string;
  readonly serviceCidr: string;
}

/** Where a cluster has its addresses. It never changes: objects of the cluster carry them. */
export interface ClusterNetwork extends FamilyNetwork {
  /** Begins the names of what the machine has for this cluster: its bridge, its network namespaces. */
  readonly prefix: string;
  /** Of clusters with addresses of both versions; those of version 4 come first everywhere. */
  readonly ipv6: FamilyNetwork | null;
}

const firstNodeHost = 11;
const dnsHost = 10;

/** The networks of each version of IP, of version 4 first. */
export function familyNetworks(network: ClusterNetwork): readonly FamilyNetwork[] {
  return network.ipv6 === null ? [network] : [network, network.ipv6];
}

/** Where pods have their addresses, as flags are given it. */
export function podCidrs(network: ClusterNetwork): string {
  return familyNetworks(network)
    .map(({ podCidr }) => podCidr)
    .join(',');
}

/** Where services have theirs. */
export function serviceCidrs(network: ClusterNetwork): string {
  return familyNetworks(network)
    .map(({ serviceCidr }) => serviceCidr)
    .join(',');
}

/** The machine's own address among the nodes. */
export function gatewayAddress({ gateway }: ClusterNetwork): string {
  return gateway.replace(/\/.*/, '');
}

/** The addresses of a node, each with the length of its network; nodes are counted from 1. */
export function nodeAddresses(network: ClusterNetwork, index: number): readonly string[] {
  const host = firstNodeHost + index - 1;
  // Networks of version 6 have their hosts in hexadecimal, as everybody writes them: the gateway is the first in both.
  return familyNetworks(network).map(({ gateway }) =>
    gateway.includes(':')
      ? gateway.replace(/::1\//, `::${host.toString(16)}/`)
      : gateway.replace(/\.\d+\//, `.${host}/`),
  );
}

/** The address of the service of the API server. */
export function apiServiceAddress({ serviceCidr }: ClusterNetwork): string {
  return serviceCidr.replace(/\.\d+\/.*/, '.1');
}

/** The address of the service of the cluster's DNS. */
export function dnsServiceAddress({ serviceCidr }: ClusterNetwork): string {
  return serviceCidr.replace(/\.\d+\/.*/, `.${dnsHost}`);
}
