/** Version of the Internet Protocol. */
export type IpFamily = 4 | 6;

/** Protocols that services have, as rules write them. */
export type Protocol = 'tcp' | 'udp' | 'sctp';

/** Where connections to a service may go. */
export interface Target {
  readonly ip: string;
  readonly port: number;
  /** Whether it is on this node. */
  readonly isLocal: boolean;
}

/** A port of a service in one family, as this node is to serve it. Everything that all modes need, and nothing else. */
export interface ServicePortView {
  readonly namespace: string;
  readonly service: string;
  /** '' for a port without a name. */
  readonly portName: string;
  readonly family: IpFamily;
  readonly protocol: Protocol;
  readonly clusterIp: string;
  readonly port: number;
  /** 0: none. */
  readonly nodePort: number;
  readonly externalIps: readonly string[];
  /** Of load balancers that leave the destination as it is; those in front of which a proxy stands are not ours. */
  readonly loadBalancerIps: readonly string[];
  /** Who may come by the addresses of load balancers; empty: everybody. */
  readonly sourceRanges: readonly string[];
  /** How long a client stays with its endpoint; 0: each connection goes anywhere. */
  readonly affinitySeconds: number;
  /** Connections from within the cluster go to endpoints of this node alone. */
  readonly isInternalLocal: boolean;
  /** Connections from outside go to endpoints of this node alone, and keep their source address. */
  readonly isExternalLocal: boolean;
  /** For connections that may go to any node; empty also where nobody asks for them. */
  readonly clusterTargets: readonly Target[];
  /** For connections that stay on this node; empty also where nobody asks for them. */
  readonly localTargets: readonly Target[];
  /** Whether any node has an endpoint for it. */
  readonly hasEndpoints: boolean;
}

/** `namespace/service:port`, as comments and names show it. */
export function servicePortName(port: ServicePortView): string {
  const { namespace, service, portName } = port;
  return `${namespace}/${service}${portName === '' ? '' : `:${portName}`}`;
}

/** Whether clients outside the cluster have an address for it. */
export function isExternallyReachable(port: ServicePortView): boolean {
  return port.nodePort !== 0 || port.externalIps.length + port.loadBalancerIps.length > 0;
}
