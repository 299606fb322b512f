import type { Node } from '../../api/gen/core-v1.js';
import { type Cidr, formatCidr, parseCidr } from '../../machinery/ip-address.js';
import { CidrSet } from './cidr-set.js';

/** How the networks of pods are divided among nodes. */
export interface IpamSettings {
  /** One, or one of each version: `10.244.0.0/16,fd00::/48`. */
  readonly clusterCidrs: string;
  /** Not for pods, though within the networks. */
  readonly serviceCidrs: string;
  /** 0: that of the version. */
  readonly maskSize: number;
  /** 0: 24. */
  readonly maskSizeIpv4: number;
  /** 0: 64. */
  readonly maskSizeIpv6: number;
}

const maskSizeDefaults = { 4: 24, 6: 64 } as const;

/** The sets that nodes get their networks from. Throws RangeError when the settings do not fit together. */
export function cidrSetsOf(settings: IpamSettings): readonly CidrSet[] {
  const clusters = parseList('cluster-cidr', settings.clusterCidrs);
  const [first, second, ...rest] = clusters;
  if (rest.length > 0 || (second && second.address.version === first?.address.version)) {
    throw new RangeError(
      `--cluster-cidr=${settings.clusterCidrs}: give one network, or one of IPv4 and one of IPv6`,
    );
  }
  const isDual = second !== undefined;
  if (isDual && settings.maskSize !== 0) {
    throw new RangeError(
      '--node-cidr-mask-size is for clusters of one IP version: use --node-cidr-mask-size-ipv4 and --node-cidr-mask-size-ipv6',
    );
  }
  const services = parseList('service-cluster-ip-range', settings.serviceCidrs);
  return clusters.map((cluster) => {
    const { version } = cluster.address;
    const own = version === 4 ? settings.maskSizeIpv4 : settings.maskSizeIpv6;
    const set = new CidrSet(cluster, settings.maskSize || own || maskSizeDefaults[version]);
    for (const service of services) set.occupy(formatCidr(service));
    return set;
  });
}

/** The networks of pods that a node has. */
export function podCidrsOf({ spec }: Node): readonly string[] {
  if (spec?.podCIDRs !== undefined && spec.podCIDRs.length > 0) return spec.podCIDRs;
  return spec?.podCIDR ? [spec.podCIDR] : [];
}

/** Takes a network of each set, all or none; null: one set has none left. */
export function takePodCidrs(sets: readonly CidrSet[]): readonly string[] | null {
  const taken: string[] = [];
  for (const set of sets) {
    const cidr = set.takeNext();
    if (cidr === null) {
      releasePodCidrs(sets, taken);
      return null;
    }
    taken.push(cidr);
  }
  return taken;
}

/** Gives networks back to the sets that they are of. */
export function releasePodCidrs(sets: readonly CidrSet[], cidrs: readonly string[]): void {
  for (const cidr of cidrs) for (const set of sets) set.release(cidr);
}

/** Marks networks as taken. */
export function occupyPodCidrs(sets: readonly CidrSet[], cidrs: readonly string[]): void {
  for (const cidr of cidrs) for (const set of sets) set.occupy(cidr);
}

function parseList(flag: string, text: string): readonly Cidr[] {
  if (text === '') return [];
  return text.split(',').map((part) => {
    const cidr = parseCidr(part.trim());
    if (cidr !== null) return cidr;
    throw new RangeError(
      `--${flag}: ${JSON.stringify(part)} is no network: give one as 10.244.0.0/16`,
    );
  });
}
