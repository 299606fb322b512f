import type { NftChain, NftObject } from '../../dataplane/nft-table.js';
import type { NodeFacts } from '../model/node-facts.js';
import type { ServicePortView, Target } from '../model/service-port.js';
import { affinityNames, type DestinationKind, portChains } from './object-names.js';
import type { EndpointMap } from './shared-sets.js';
import { addressType, destinationWords, ipWord, nodePortWords } from './words.js';

/** Endpoints that connections are spread over: those of any node, or of this one. */
export type Reach = 'cluster' | 'local';

/** The chain that sends a connection to one of some endpoints, with what it needs. */
export interface PoolChain {
  readonly name: string;
  readonly objects: readonly NftObject[];
  /** Whether it finds the endpoints in the maps that all services share. */
  readonly usesMap: boolean;
}

/** The endpoints of a port that a chain is about. */
export function targetsOf(port: ServicePortView, reach: Reach): readonly Target[] {
  return reach === 'cluster' ? port.clusterTargets : port.localTargets;
}

/** The map in which the chains of {@link poolChain} look endpoints up. */
export function endpointMap(reach: Reach, kind: DestinationKind): EndpointMap {
  const name = reach === 'cluster' ? 'endpoints' : 'local-endpoints';
  return kind === 'address' ? name : `nodeport-${name}`;
}

/**
 * The chain for connections to a port that has endpoints. Services of as many endpoints have one chain together; one that is the service's
 * own is for what a service keeps for itself: who takes turns, and which client stays with which endpoint.
 */
export function poolChain(
  port: ServicePortView,
  of: { readonly reach: Reach; readonly kind: DestinationKind },
  facts: NodeFacts,
): PoolChain {
  const targets = targetsOf(port, of.reach);
  const own = portChains(port)[of.reach];
  if (port.affinitySeconds > 0) {
    const objects = [...affinityObjects(port), chain(own, affinityRules(port, targets, facts))];
    return { name: own, objects, usesMap: false };
  }
  const prefix = of.kind === 'address' ? '' : 'nodeport-';
  const shared = `${of.reach === 'cluster' ? 'to' : 'to-local'}-${targets.length}`;
  const name = `${prefix}${facts.balance === 'random' ? shared : own}`;
  return { name, objects: [chain(name, [pickRule(targets.length, of, facts)])], usesMap: true };
}

/** Endpoints of a destination have the numbers from 0 on. */
function pickRule(
  count: number,
  { reach, kind }: { readonly reach: Reach; readonly kind: DestinationKind },
  facts: NodeFacts,
): string {
  const ip = ipWord(facts.family);
  const destination = kind === 'address' ? destinationWords(facts.family) : nodePortWords;
  const map = endpointMap(reach, kind);
  const what = `dnat ${ip} to ${destination} . ${numberOf(count, facts)} map @${map}`;
  return `meta l4proto { tcp, udp, sctp } ${what}`;
}

function numberOf(count: number, { balance }: NodeFacts): string {
  return `numgen ${balance === 'random' ? 'random' : 'inc'} mod ${count}`;
}

function affinityRules(
  port: ServicePortView,
  targets: readonly Target[],
  facts: NodeFacts,
): readonly string[] {
  const ip = ipWord(facts.family);
  const names = targets.map((target) => affinityNames(port, target));
  const choices = names.map(({ chain }, at) => `${at} : goto ${chain}`).join(', ');
  return [
    ...names.map(({ chain, set }) => `${ip} saddr @${set} goto ${chain}`),
    `${numberOf(targets.length, facts)} vmap { ${choices} }`,
  ];
}

/** Of all endpoints of the port, whichever way they are reached. */
function affinityObjects(port: ServicePortView): readonly NftObject[] {
  const { family, affinitySeconds, protocol } = port;
  const all = [...port.clusterTargets, ...port.localTargets];
  const targets = new Map(all.map((target) => [`${target.ip} ${target.port}`, target]));
  return [...targets.values()].flatMap((target) => {
    const { chain: name, set } = affinityNames(port, target);
    const spec = `type ${addressType(family)}; flags dynamic,timeout; timeout ${affinitySeconds}s;`;
    const ip = family === 4 ? target.ip : `[${target.ip}]`;
    const rules = [
      `update @${set} { ${ipWord(family)} saddr }`,
      `meta l4proto ${protocol} dnat to ${ip}:${target.port}`,
    ];
    return [{ kind: 'set' as const, name: set, spec, elements: new Map() }, chain(name, rules)];
  });
}

/** A chain that others lead to. */
export function chain(name: string, rules: readonly string[]): NftChain {
  return { kind: 'chain', name, spec: '', rules };
}
