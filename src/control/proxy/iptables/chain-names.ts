import { type ServicePortView, servicePortName, type Target } from '../model/service-port.js';
import { shortHash } from '../model/short-hash.js';

const hashLength = 16;

/** Names of the chains of a service port, as kube-proxy makes them. */
export interface PortChainNames {
  /** To any endpoint: `KUBE-SVC-`. */
  readonly cluster: string;
  /** To endpoints of this node: `KUBE-SVL-`. */
  readonly local: string;
  /** From outside: `KUBE-EXT-`. */
  readonly external: string;
  /** By source ranges: `KUBE-FW-`. */
  readonly firewall: string;
}

export function portChainNames(port: ServicePortView): PortChainNames {
  const hash = shortHash(`${servicePortName(port)}${port.protocol}`, hashLength);
  return {
    cluster: `KUBE-SVC-${hash}`,
    local: `KUBE-SVL-${hash}`,
    external: `KUBE-EXT-${hash}`,
    firewall: `KUBE-FW-${hash}`,
  };
}

/** The chain that leads to one endpoint: `KUBE-SEP-`. */
export function endpointChainName(port: ServicePortView, target: Target): string {
  const text = `${servicePortName(port)}${port.protocol}${endpointText(port, target)}`;
  return `KUBE-SEP-${shortHash(text, hashLength)}`;
}

/** `10.0.0.1:80` or `[fd00::1]:80`. */
export function endpointText({ family }: ServicePortView, { ip, port }: Target): string {
  return family === 4 ? `${ip}:${port}` : `[${ip}]:${port}`;
}
