import { parseIp } from '../../machinery/ip-address.js';
import type { EndpointAddress, EndpointPort, EndpointSubset } from '../gen/core-v1.js';

/** An address of some ports, and whether it is ready there. */
interface Reached {
  readonly address: EndpointAddress;
  isReady: boolean;
}

/**
 * The same endpoints in as few subsets as can be: every address stands once for a port, not ready where any subset says so, and
 * ports with the same addresses share a subset. Addresses are in order; ports are as they came.
 */
export function repackSubsets(subsets: readonly EndpointSubset[]): EndpointSubset[] {
  const byAddresses = new Map<string, { ports: EndpointPort[]; reached: readonly Reached[] }>();
  for (const { port, reached } of reachedByPort(subsets)) {
    const sorted = [...reached.values()].sort((a, b) => compareIps(a.address.ip, b.address.ip));
    const key = JSON.stringify(sorted);
    const shared = byAddresses.get(key) ?? { ports: [], reached: sorted };
    if (port !== undefined) shared.ports.push(port);
    byAddresses.set(key, shared);
  }
  return [...byAddresses.values()].map(({ ports, reached }) => {
    const subset: EndpointSubset = {};
    const ready = reached.filter(({ isReady }) => isReady).map(({ address }) => address);
    const notReady = reached.filter(({ isReady }) => !isReady).map(({ address }) => address);
    if (ready.length > 0) subset.addresses = ready;
    if (notReady.length > 0) subset.notReadyAddresses = notReady;
    if (ports.length > 0) subset.ports = ports;
    return subset;
  });
}

interface PortReached {
  /** Absent for addresses that are listed without any port. */
  readonly port: EndpointPort | undefined;
  readonly reached: Map<string, Reached>;
}

function reachedByPort(subsets: readonly EndpointSubset[]): Iterable<PortReached> {
  const byPort = new Map<string, PortReached>();
  for (const { ports, addresses, notReadyAddresses } of subsets) {
    for (const port of ports?.length ? ports : [undefined]) {
      const key = JSON.stringify(port ?? null);
      const entry = byPort.get(key) ?? { port, reached: new Map<string, Reached>() };
      byPort.set(key, entry);
      for (const address of addresses ?? []) note(entry.reached, address, true);
      for (const address of notReadyAddresses ?? []) note(entry.reached, address, false);
    }
  }
  return byPort.values();
}

function note(reached: Map<string, Reached>, address: EndpointAddress, isReady: boolean): void {
  const key = `${address.ip ?? ''}/${address.targetRef?.uid ?? ''}`;
  const before = reached.get(key);
  if (before === undefined) reached.set(key, { address, isReady });
  else if (!isReady) before.isReady = false;
}

function compareIps(a: string | undefined, b: string | undefined): number {
  const [one, other] = [sortable(a), sortable(b)];
  return one === other ? 0 : one < other ? -1 : 1;
}

/** A text that sorts as the address does, those of IPv4 as what they are within IPv6. */
function sortable(ip: string | undefined): string {
  const parsed = parseIp(ip ?? '');
  if (parsed === null) return ip ?? '';
  const { version, value } = parsed.address;
  const mapped = version === 4 ? (0xffffn << 32n) | value : value;
  return mapped.toString(16).padStart(32, '0');
}
