import type { ProxyEndpoint } from './endpoints.js';
import type { Target } from './service-port.js';

/** Where the choosing node is. */
export interface NodePlace {
  readonly name: string;
  /** The label `topology.kubernetes.io/zone`; '' when it has none. */
  readonly zone: string;
}

/**
 * Where connections may go that are not bound to this node: ready endpoints, those meant for this node or its zone when every ready
 * endpoint says whom it is meant for; without any, those that answer although they are about to go (KEP-1669).
 */
export function clusterTargets(
  endpoints: readonly ProxyEndpoint[],
  place: NodePlace,
): readonly Target[] {
  const ready = endpoints.filter(({ isReady }) => isReady);
  if (ready.length === 0) return lastResort(endpoints);
  return meantForHere(ready, place).map(targetOf);
}

/** Where connections may go that stay on this node. */
export function localTargets(endpoints: readonly ProxyEndpoint[]): readonly Target[] {
  const local = endpoints.filter(({ isLocal }) => isLocal);
  const ready = local.filter(({ isReady }) => isReady);
  return ready.length === 0 ? lastResort(local) : ready.map(targetOf);
}

/** Hints count only when all endpoints have them and some are meant for here: else nodes without any would lose their traffic. */
function meantForHere(
  ready: readonly ProxyEndpoint[],
  { name, zone }: NodePlace,
): readonly ProxyEndpoint[] {
  if (ready.every(({ nodeHints }) => nodeHints.length > 0)) {
    const forNode = ready.filter(({ nodeHints }) => nodeHints.includes(name));
    if (forNode.length > 0) return forNode;
  }
  if (zone !== '' && ready.every(({ zoneHints }) => zoneHints.length > 0)) {
    const forZone = ready.filter(({ zoneHints }) => zoneHints.includes(zone));
    if (forZone.length > 0) return forZone;
  }
  return ready;
}

function lastResort(endpoints: readonly ProxyEndpoint[]): readonly Target[] {
  return endpoints.filter(({ isLastResort }) => isLastResort).map(targetOf);
}

function targetOf({ ip, port, isLocal }: ProxyEndpoint): Target {
  return { ip, port, isLocal };
}
