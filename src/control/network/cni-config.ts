/** The configuration that a container runtime hands to CNI plugins. */
export interface CniConfig {
  /** In the folder of configurations; the first by name counts. */
  readonly fileName: string;
  readonly text: string;
}

/** What pods of a node are connected with. */
export interface CniConfigOptions {
  /** The node's pod networks, one a family. */
  readonly podCidrs: readonly string[];
  /** Default: `cni0`. */
  readonly bridge?: string;
  /** Default: 1500. */
  readonly mtu?: number;
  /** Where addresses that are in use are remembered. Default: /var/lib/cni/networks. */
  readonly dataDir?: string;
}

/**
 * Pods on a bridge, with addresses of the node's own network and host ports by address translation (CNI 1.0.0). Nothing is masqueraded
 * here: who is outside the cluster is told by the whole cluster's addresses, which plugins do not know.
 */
export function cniConfig(options: CniConfigOptions): CniConfig {
  const { podCidrs, bridge = 'cni0', mtu = 1500, dataDir } = options;
  const hasV6 = podCidrs.some((cidr) => cidr.includes(':'));
  const hasV4 = podCidrs.some((cidr) => !cidr.includes(':'));
  const routes = [...(hasV4 ? [{ dst: '0.0.0.0/0' }] : []), ...(hasV6 ? [{ dst: '::/0' }] : [])];
  const plugins = [
    {
      ...{ type: 'bridge', bridge, mtu, isGateway: true, ipMasq: false, hairpinMode: true },
      ipam: {
        ...{ type: 'host-local', ranges: podCidrs.map((subnet) => [{ subnet }]), routes },
        ...(dataDir === undefined ? {} : { dataDir }),
      },
    },
    { type: 'portmap', capabilities: { portMappings: true }, snat: true },
  ];
  const document = { cniVersion: '1.0.0', name: 'flotilla', plugins };
  return { fileName: '10-flotilla.conflist', text: `${JSON.stringify(document, null, 2)}\n` };
}
