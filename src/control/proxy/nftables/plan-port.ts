import type { NftObject } from '../../dataplane/nft-table.js';
import type { NodeFacts } from '../model/node-facts.js';
import {
  isExternallyReachable,
  type ServicePortView,
  servicePortName,
  type Target,
} from '../model/service-port.js';
import { type DestinationKind, portChains } from './object-names.js';
import {
  chain,
  endpointMap,
  type PoolChain,
  poolChain,
  type Reach,
  targetsOf,
} from './pool-chains.js';
import type { SharedSet } from './shared-sets.js';
import { ipWord, podSourceMatch } from './words.js';

/** What one service port adds to the table: chains and sets, and its part of the sets that all fill. */
export interface PortFragment {
  /** Of two ports that claim one element, the one that comes first by this gets it. */
  readonly rank: string;
  readonly objects: readonly NftObject[];
  readonly entries: readonly SharedEntry[];
}

/** One element of a shared set, or the numbered endpoints of a destination. */
export interface SharedEntry {
  readonly set: SharedSet;
  readonly key: string;
  /** What the element maps to, '' in sets; or where connections to the destination may go. */
  readonly value: string | readonly Target[];
}

/** The rules of one service port. */
export function planPort(port: ServicePortView, facts: NodeFacts): PortFragment {
  const objects = new Map<string, NftObject>();
  const entries: SharedEntry[] = [{ set: 'cluster-ips', key: port.clusterIp, value: '' }];
  planClusterIp(port, facts, { objects, entries });
  planExternal(port, facts, { objects, entries });
  entries.push(...hairpinEntries(port));
  const rank = `${servicePortName(port)} ${port.protocol} ${port.port}`;
  return { rank, objects: [...objects.values()], entries };
}

/** What is planned so far. */
interface Plan {
  /** By name: two destinations may need the same. */
  readonly objects: Map<string, NftObject>;
  readonly entries: SharedEntry[];
}

/** `10.0.0.1 . tcp . 80`. */
function destination(port: ServicePortView, ip: string): string {
  return `${ip} . ${port.protocol} . ${port.port}`;
}

function planClusterIp(port: ServicePortView, facts: NodeFacts, plan: Plan): void {
  const reach: Reach = port.isInternalLocal ? 'local' : 'cluster';
  const key = destination(port, port.clusterIp);
  if (targetsOf(port, reach).length === 0) {
    plan.entries.push({ set: 'no-endpoint-services', key, value: refusal(port) });
    return;
  }
  const pool = addPool(plan, port, { reach, kind: 'address' }, facts);
  plan.entries.push({ set: 'service-ips', key, value: `goto ${pool.name}` });
  if (pool.usesMap)
    plan.entries.push({ set: endpointMap(reach, 'address'), key, value: targetsOf(port, reach) });
}

/** Nobody answers anywhere: say so at once. Others have endpoints, this node has none: be silent, a load balancer asks another node. */
function refusal({ hasEndpoints }: ServicePortView): string {
  return hasEndpoints ? 'drop' : 'goto reject-chain';
}

function planExternal(port: ServicePortView, facts: NodeFacts, plan: Plan): void {
  if (!isExternallyReachable(port)) return;
  const ips = new Set([...port.externalIps, ...port.loadBalancerIps]);
  if (ips.size > 0)
    planDestinations(
      port,
      'address',
      [...ips].map((ip) => destination(port, ip)),
      facts,
      plan,
    );
  if (port.nodePort !== 0)
    planDestinations(port, 'nodeport', [`${port.protocol} . ${port.nodePort}`], facts, plan);
  if (port.sourceRanges.length === 0 || port.loadBalancerIps.length === 0) return;
  const { firewall } = portChains(port);
  const ranges = port.sourceRanges.join(', ');
  const rule = `${ipWord(facts.family)} saddr != { ${ranges} } drop`;
  plan.objects.set(firewall, chain(firewall, [rule]));
  for (const ip of port.loadBalancerIps) {
    const value = `goto ${firewall}`;
    plan.entries.push({ set: 'firewall-ips', key: destination(port, ip), value });
  }
}

function planDestinations(
  port: ServicePortView,
  kind: DestinationKind,
  keys: readonly string[],
  facts: NodeFacts,
  plan: Plan,
): void {
  const reaches: readonly Reach[] = port.isExternalLocal ? ['cluster', 'local'] : ['cluster'];
  const pools = new Map<Reach, PoolChain>();
  for (const reach of reaches) {
    if (targetsOf(port, reach).length === 0) continue;
    pools.set(reach, addPool(plan, port, { reach, kind }, facts));
  }
  const words = kind === 'address' ? 'services' : 'nodeports';
  if (pools.size > 0) {
    const external = externalChain(port, kind, pools, facts);
    plan.objects.set(external.name, external);
    const set = kind === 'address' ? 'service-ips' : 'service-nodeports';
    for (const key of keys) plan.entries.push({ set, key, value: `goto ${external.name}` });
  }
  if (!pools.has(port.isExternalLocal ? 'local' : 'cluster'))
    for (const key of keys)
      plan.entries.push({ set: `no-endpoint-${words}`, key, value: refusal(port) });
  for (const [reach, { usesMap }] of pools) {
    if (!usesMap) continue;
    const value = targetsOf(port, reach);
    for (const key of keys) plan.entries.push({ set: endpointMap(reach, kind), key, value });
  }
}

function externalChain(
  port: ServicePortView,
  kind: DestinationKind,
  pools: ReadonlyMap<Reach, PoolChain>,
  facts: NodeFacts,
) {
  const cluster = pools.get('cluster');
  const local = pools.get('local');
  const isShared = facts.balance === 'random' && port.affinitySeconds === 0;
  const rules: string[] = [];
  let sharedName = 'external';
  if (cluster !== undefined) {
    sharedName += `-${cluster.name}`;
    rules.push(...clusterRules(cluster.name, port.isExternalLocal, facts));
  }
  if (local !== undefined) {
    rules.push(`goto ${local.name}`);
    sharedName += `-${local.name}`;
  }
  const prefix = kind === 'address' ? '' : 'nodeport-';
  const policy = port.isExternalLocal ? '-by-policy' : '';
  const own = `${prefix}${portChains(port).external}`;
  return chain(isShared ? `${sharedName}${policy}` : own, rules);
}

/** The cluster's own connections are not from outside: the load balancer's policy is not for them. */
function clusterRules(to: string, isExternalLocal: boolean, facts: NodeFacts): readonly string[] {
  if (!isExternalLocal) return ['jump mark-for-masquerade', `goto ${to}`];
  const { podSource, family } = facts;
  const pods =
    podSource === null
      ? []
      : [`${podSourceMatch(podSource, { family, isFromPods: true })} goto ${to}`];
  return [
    ...pods,
    'fib saddr type local jump mark-for-masquerade',
    `fib saddr type local goto ${to}`,
  ];
}

function addPool(
  plan: Plan,
  port: ServicePortView,
  of: { readonly reach: Reach; readonly kind: DestinationKind },
  facts: NodeFacts,
): PoolChain {
  const pool = poolChain(port, of, facts);
  for (const object of pool.objects) plan.objects.set(object.name, object);
  return pool;
}

/** A pod that reaches itself through its service would answer itself directly, unlike it asked: it is masked as the node. */
function hairpinEntries(port: ServicePortView): readonly SharedEntry[] {
  const local = [...port.clusterTargets, ...port.localTargets].filter(({ isLocal }) => isLocal);
  return [...new Set(local.map(({ ip }) => ip))].map((ip) => ({
    ...{ set: 'hairpin-connections' as const, key: `${ip} . ${ip}`, value: '' },
  }));
}
