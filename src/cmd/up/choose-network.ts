import { randomBytes, randomInt } from 'node:crypto';
import { type ClusterNetwork, type FamilyNetwork, familyNetworks } from './cluster-network.js';
import { networksOfMachine, overlapsAny } from './machine-networks.js';
import type { NetworkClaims } from './network-claims.js';
import { UpError } from './up-error.js';

const nodeNetworks = 256;
const wanted = { pods: { first: 244, last: 255 }, services: { first: 96, last: 127 } } as const;

/**
 * A network for a new cluster that overlaps with nothing that the machine has a route to, and that no other `flotilla up` has; it is claimed.
 * Rejects with {@link UpError}.
 */
export async function chooseNetwork(
  claims: NetworkClaims,
  { hasIpv6 }: { readonly hasIpv6: boolean },
): Promise<ClusterNetwork> {
  const start = randomInt(nodeNetworks);
  const gateways = range(0, nodeNetworks - 1).map(
    (index) => `172.30.${(start + index) % nodeNetworks}.1/24`,
  );
  const tens = ({ first, last }: { readonly first: number; readonly last: number }) =>
    range(first, last).map((octet) => `10.${octet}.0.0/16`);
  return {
    prefix: `f${randomBytes(3).toString('hex').slice(1)}`,
    gateway: await claimOne(claims, gateways, 'nodes (172.30.0.0/16)'),
    podCidr: await claimOne(claims, tens(wanted.pods), 'pods (10.244.0.0/16 to 10.255.0.0/16)'),
    serviceCidr: await claimOne(
      claims,
      tens(wanted.services),
      'services (10.96.0.0/16 to 10.127.0.0/16)',
    ),
    ipv6: hasIpv6 ? localNetwork() : null,
  };
}

/**
 * Claims the networks of a cluster that has been there before. Resolves with the first that something else on the machine has by now, if any.
 */
export async function claimNetwork(
  claims: NetworkClaims,
  network: ClusterNetwork,
): Promise<string | undefined> {
  const bridge = `${network.prefix}br`;
  for (const { gateway, podCidr, serviceCidr } of familyNetworks(network)) {
    for (const cidr of [gateway, podCidr, serviceCidr])
      if (!(await claims.claim(cidr)) || overlapsAny(cidr, await networksOfMachine(bridge)))
        return cidr;
  }
  return undefined;
}

/** Networks that nobody else has: a random prefix of those for local use (RFC 4193). No group of it is 0, so that its text is the canonical one. */
function localNetwork(): FamilyNetwork {
  const group = () => (1 + randomInt(0xffff)).toString(16);
  const prefix = `fd${randomBytes(1).toString('hex')}:${group()}:${group()}`;
  return {
    gateway: `${prefix}::1/64`,
    podCidr: `${prefix}:100::/56`,
    serviceCidr: `${prefix}:200::/112`,
  };
}

async function claimOne(
  claims: NetworkClaims,
  candidates: readonly string[],
  what: string,
): Promise<string> {
  const known = await networksOfMachine();
  for (const cidr of candidates) {
    if (overlapsAny(cidr, known) || !(await claims.claim(cidr))) continue;
    // Who had it until a moment ago may have left its nodes running.
    if (!overlapsAny(cidr, await networksOfMachine())) return cidr;
  }
  throw new UpError(
    `no network is left for ${what}: this machine has routes to all of them, or other clusters have them; ` +
      'take one back, or start with --store-only',
  );
}

function range(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
