import type { EndpointAddress, EndpointSubset, Endpoints } from '../../api/gen/core-v1.js';
import type { Endpoint, EndpointPort } from '../../api/gen/discovery-v1.js';
import { parseIp } from '../../machinery/ip-address.js';
import { type AddressType, endpointKey, portsKey } from '../endpoint-slice/pod-endpoint.js';

/** The endpoints that one slice shall hold. */
export interface MirrorGroup {
  readonly addressType: AddressType;
  readonly ports: EndpointPort[];
  /** By {@link endpointKey}. */
  readonly endpoints: Map<string, Endpoint>;
}

/** What an Endpoints object says, sorted by slices. */
export interface Mirrored {
  /** By {@link groupKey}. */
  readonly groups: ReadonlyMap<string, MirrorGroup>;
  readonly invalidCount: number;
  /** Those that are invalid, and those of subsets that are too large. */
  readonly skippedCount: number;
}

/** Slices of one key can hold the same endpoints. */
export function groupKey(
  addressType: string | undefined,
  ports: EndpointPort[] | undefined,
): string {
  return `${addressType ?? ''}:${portsKey(ports)}`;
}

/** Sorts the addresses of Endpoints by their type and ports; of each subset no more than `addressesMax`, those that are ready first. */
export function mirroredEndpoints({ subsets = [] }: Endpoints, addressesMax: number): Mirrored {
  const groups = new Map<string, MirrorGroup>();
  let invalidCount = 0;
  let skippedCount = 0;
  for (const subset of subsets) {
    const all = addressesOf(subset);
    let added = 0;
    for (const { address, isReady } of all) {
      if (added >= addressesMax) break;
      if (add(groups, subset, address, isReady)) added++;
      else invalidCount++;
    }
    skippedCount += all.length - added;
  }
  return { groups, invalidCount, skippedCount };
}

function addressesOf({ addresses = [], notReadyAddresses = [] }: EndpointSubset) {
  return [
    ...addresses.map((address) => ({ address, isReady: true })),
    ...notReadyAddresses.map((address) => ({ address, isReady: false })),
  ];
}

/** False: the address is none. */
function add(
  groups: Map<string, MirrorGroup>,
  subset: EndpointSubset,
  address: EndpointAddress,
  isReady: boolean,
): boolean {
  const parsed = parseIp(address.ip ?? '');
  if (parsed === null) return false;
  const addressType = parsed.address.version === 4 ? 'IPv4' : 'IPv6';
  const ports = (subset.ports ?? []).map(({ name = '', protocol = 'TCP', port, appProtocol }) => ({
    ...{ name, protocol },
    ...(port === undefined ? {} : { port }),
    ...(appProtocol === undefined ? {} : { appProtocol }),
  }));
  const key = groupKey(addressType, ports);
  const group = groups.get(key) ?? { addressType, ports, endpoints: new Map() };
  groups.set(key, group);
  const endpoint = endpointOf(address, isReady);
  group.endpoints.set(endpointKey(endpoint), endpoint);
  return true;
}

function endpointOf(
  { ip = '', hostname = '', nodeName, targetRef }: EndpointAddress,
  isReady: boolean,
): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready: isReady },
    ...(targetRef === undefined ? {} : { targetRef }),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(hostname === '' ? {} : { hostname }),
  };
}
