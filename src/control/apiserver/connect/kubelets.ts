import type { WebClientTls } from '../../../rpc/web-client.js';
import type { Node } from '../../api/gen/core-v1.js';
import { failure, notFound } from '../../machinery/status-errors.js';
import type { ObjectReader } from '../contracts.js';

/** Where a kubelet listens when its node does not say. */
const kubeletPortDefault = 10250;

/** Another server, without a path. */
export interface Backend {
  readonly scheme: 'http' | 'https';
  /** An address or a name, without brackets. */
  readonly host: string;
  readonly port: number;
  readonly tls: WebClientTls;
}

/** Finds the kubelets of nodes. */
export interface Kubelets {
  /** Rejects with 404 when there is no such node, and 500 when it has no address. */
  backendOf(nodeName: string): Promise<Backend>;
}

/** Finds kubelets by what nodes say of themselves, addresses in the order of `addressTypes`. */
export function kubelets(
  objects: ObjectReader,
  options: { readonly addressTypes: readonly string[]; readonly tls: WebClientTls },
): Kubelets {
  const nodes = { group: '', resource: 'nodes' };
  return {
    async backendOf(nodeName) {
      const node = (await objects.get(nodes, '', nodeName)) as Node | undefined;
      if (node === undefined) throw notFound(nodes, nodeName);
      const { addresses = [], daemonEndpoints } = node.status ?? {};
      const host = options.addressTypes
        .map((type) => addresses.find((one) => one.type === type)?.address ?? '')
        .find((address) => address !== '');
      if (host === undefined) {
        const known = addresses.map(({ type, address }) => `{${type} ${address}}`).join(' ');
        throw failure(500, '', `no preferred addresses found; known addresses: [${known}]`);
      }
      const given = daemonEndpoints?.kubeletEndpoint?.Port ?? 0;
      const port = given > 0 ? given : kubeletPortDefault;
      return { scheme: 'https', host, port, tls: options.tls };
    },
  };
}

/** As in URLs: `10.0.0.1:10250`, `[fd00::1]:10250`. */
export function hostPort({ host, port }: Pick<Backend, 'host' | 'port'>): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
