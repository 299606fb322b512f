import type { Service } from '../../api/gen/core-v1.js';
import { parseIp } from '../../machinery/ip-address.js';
import type { AddressPool } from './address-pool.js';

/** An address that clients reach a service by; traffic to it is taken by every node. */
export interface BalancedAddress {
  readonly ip: string;
  readonly ipMode: 'VIP';
}

/** What a service's status shall say. */
export interface BalancerPlan {
  /** Null: it says so already. */
  readonly ingress: readonly BalancedAddress[] | null;
  /** Why it does not get all that it asks for; '' when it does. */
  readonly problem: string;
}

/** Whether the pool is for this service. `ownClass` '' takes those that ask for no class. */
export function isBalanced({ spec, metadata }: Service, ownClass: string): boolean {
  return (
    spec?.type === 'LoadBalancer' &&
    (spec.loadBalancerClass ?? '') === ownClass &&
    metadata.deletionTimestamp === undefined
  );
}

/**
 * Gives a service an address of each of its families that the pool has, and takes it from the pool. What it has it keeps; one that it
 * asks for by `spec.loadBalancerIP` it gets or none.
 */
export function planBalancer(service: Service, owner: string, pool: AddressPool): BalancerPlan {
  const shown = (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
  const wish = service.spec?.loadBalancerIP ?? '';
  const ips: string[] = [];
  const problems: string[] = [];
  for (const version of versionsOf(service)) {
    if (!pool.has(version)) continue;
    const isWished = wish !== '' && parseIp(wish)?.address.version === version;
    const ip = isWished
      ? takeWish(pool, owner, wish)
      : (kept(pool, owner, version, shown) ?? pool.takeNext(owner, version));
    if (ip !== null) ips.push(ip);
    else if (isWished) problems.push(`the address ${wish} is not free, or not of the pool`);
    else problems.push(`the pool has no free address of IPv${version}`);
  }
  if (ips.length === 0 && problems.length === 0) {
    problems.push('the pool has no address of the families of the service');
  }
  pool.release(
    owner,
    pool.of(owner).filter((ip) => !ips.includes(ip)),
  );
  const isSame = shown.length === ips.length && shown.every((ip, at) => ip === ips[at]);
  return {
    ingress: isSame ? null : ips.map((ip) => ({ ip, ipMode: 'VIP' })),
    problem: problems.join('; '),
  };
}

function takeWish(pool: AddressPool, owner: string, wish: string): string | null {
  return pool.take(owner, wish) ? wish : null;
}

/** The address that the service has already. */
function kept(
  pool: AddressPool,
  owner: string,
  version: 4 | 6,
  shown: readonly string[],
): string | null {
  const isOf = (ip: string) => parseIp(ip)?.address.version === version;
  return [...shown, ...pool.of(owner)].find((ip) => isOf(ip) && pool.take(owner, ip)) ?? null;
}

function versionsOf({ spec }: Service): readonly (4 | 6)[] {
  const families = spec?.ipFamilies ?? [];
  return families.length === 0 ? [4] : families.map((family) => (family === 'IPv6' ? 6 : 4));
}
