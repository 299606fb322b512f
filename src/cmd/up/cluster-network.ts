import { randomInt } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { readTextFile } from '../../host/text-file.js';
import { UpError } from './up-error.js';

/** Where a cluster has its addresses. It never changes: objects of the cluster carry them. */
export interface ClusterNetwork {
  /** Begins the names of what the machine has for this cluster: its bridge, its network namespaces. */
  readonly prefix: string;
  /** The machine's own address among the nodes, with its length. */
  readonly gateway: string;
  readonly podCidr: string;
  readonly serviceCidr: string;
}

/** An IPv4 network as numbers. */
interface Range {
  readonly first: number;
  readonly last: number;
}

const nodeNetworks = 256;
const podNetworks = 12;
const firstNodeHost = 11;
const dnsHost = 10;

/** A network for a new cluster that overlaps with nothing that the machine has a route to. Rejects with {@link UpError}. */
export async function chooseNetwork(): Promise<ClusterNetwork> {
  const taken = await takenRanges();
  const free = (cidr: string) => taken.every((range) => !overlaps(range, rangeOf(cidr)));
  const start = randomInt(nodeNetworks);
  const gateways = Array.from(
    { length: nodeNetworks },
    (_, index) => `172.30.${(start + index) % nodeNetworks}.1/24`,
  );
  const pods = Array.from({ length: podNetworks }, (_, index) => `10.${244 + index}.0.0/16`);
  const services = Array.from({ length: podNetworks }, (_, index) => `10.${96 + index}.0.0/16`);
  return {
    prefix: `f${randomInt(16 ** 5)
      .toString(16)
      .padStart(5, '0')}`,
    gateway: need(gateways.find(free), 'nodes (172.30.0.0/16)'),
    podCidr: need(pods.find(free), 'pods (10.244.0.0/16 to 10.255.0.0/16)'),
    serviceCidr: need(services.find(free), 'services (10.96.0.0/16 to 10.107.0.0/16)'),
  };
}

/** The first of a cluster's networks that something else on the machine has by now, if any. */
export async function findTakenNetwork(network: ClusterNetwork): Promise<string | undefined> {
  const taken = await takenRanges(`${network.prefix}br`);
  return [network.gateway, network.podCidr, network.serviceCidr].find((cidr) =>
    taken.some((range) => overlaps(range, rangeOf(cidr))),
  );
}

/** The machine's own address among the nodes. */
export function gatewayAddress({ gateway }: ClusterNetwork): string {
  return gateway.replace(/\/.*/, '');
}

/** The address of a node; nodes are counted from 1. */
export function nodeAddress({ gateway }: ClusterNetwork, index: number): string {
  return gateway.replace(/\.\d+\/.*/, `.${firstNodeHost + index - 1}`);
}

/** The address of the service of the API server. */
export function apiServiceAddress({ serviceCidr }: ClusterNetwork): string {
  return serviceCidr.replace(/\.\d+\/.*/, '.1');
}

/** The address of the service of the cluster's DNS. */
export function dnsServiceAddress({ serviceCidr }: ClusterNetwork): string {
  return serviceCidr.replace(/\.\d+\/.*/, `.${dnsHost}`);
}

/** Networks that the machine has routes to, its default route left out; those over one device may be left out too. */
async function takenRanges(exceptDevice?: string): Promise<readonly Range[]> {
  const routes = await readTextFile('/proc/net/route').catch(() => '');
  const ranges = routes
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const fields = line.split('\t');
      const [device, destination = '', , , , , , mask = ''] = fields;
      if (device === exceptDevice || Number.parseInt(mask, 16) === 0 || mask === '') return [];
      const first = fromLittleEndian(destination);
      return [{ first, last: first + (0xffffffff - fromLittleEndian(mask)) }];
    });
  const addresses = Object.entries(networkInterfaces())
    .filter(([device]) => device !== exceptDevice)
    .flatMap(([, list = []]) => list.filter(({ family }) => family === 'IPv4'))
    .map(({ address }) => rangeOf(`${address}/32`));
  return [...ranges, ...addresses];
}

function fromLittleEndian(hex: string): number {
  return Buffer.from(hex, 'hex').readUInt32LE();
}

function rangeOf(cidr: string): Range {
  const [address = '', length = '32'] = cidr.split('/');
  const value = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const size = 2 ** (32 - Number(length));
  const first = value - (value % size);
  return { first, last: first + size - 1 };
}

function overlaps(one: Range, other: Range): boolean {
  return one.first <= other.last && other.first <= one.last;
}

function need(found: string | undefined, what: string): string {
  if (found !== undefined) return found;
  throw new UpError(
    `no network is left for ${what}: this machine has routes to all of them; take one back, or start with --store-only`,
  );
}
