import type { ServicePortView, Target } from '../model/service-port.js';
import { servicePortName } from '../model/service-port.js';
import { shortHash } from '../model/short-hash.js';

/** The table of rules for services in each family; kube-proxy's. */
export const tableName = 'kube-proxy';

const hashLength = 8;
/** The kernel takes 255 bytes; the names of a service and its namespace can be longer together. */
const nameLengthMax = 200;

/** How connections name what they are for: by an address with a port, or by a port of the node. */
export type DestinationKind = 'address' | 'nodeport';

/** Names of the chains of a service port, so that people find it: `service-ULMVA6XW-default/web/tcp/http`. */
export interface PortChains {
  /** To any endpoint. */
  readonly cluster: string;
  /** To endpoints of this node. */
  readonly local: string;
  /** From outside the cluster. */
  readonly external: string;
  /** Only from the source ranges. */
  readonly firewall: string;
}

export function portChains(port: ServicePortView): PortChains {
  const base = baseName(port, servicePortName(port));
  return {
    cluster: `service-${base}`,
    local: `local-${base}`,
    external: `external-${base}`,
    firewall: `firewall-${base}`,
  };
}

/** The chain that leads to one endpoint, and the set of clients that stay with it. How long they do is part of the name. */
export function affinityNames(
  port: ServicePortView,
  { ip, port: number }: Target,
): { readonly chain: string; readonly set: string } {
  const identity = `${servicePortName(port)} ${ip} ${number} ${port.affinitySeconds}`;
  const base = baseName(port, identity);
  const target = `__${ip.replaceAll(':', '.')}/${number}`;
  return { chain: `endpoint-${base}${target}`, set: `affinity-${base}${target}` };
}

/** Whether a set says which clients stay with an endpoint. */
export function isAffinitySet(name: string): boolean {
  return name.startsWith('affinity-');
}

function baseName(port: ServicePortView, identity: string): string {
  const { namespace, service, protocol, portName, family } = port;
  const hash = shortHash(`${identity} ${protocol} ${family}`, hashLength);
  const readable = `${hash}-${namespace}/${service}/${protocol}/${portName}`;
  return readable.slice(0, nameLengthMax);
}
