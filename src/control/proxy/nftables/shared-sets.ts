import type { NodeFacts } from '../model/node-facts.js';
import { addressType, destinationWords, ipWord, nodePortWords } from './words.js';

/** Maps and sets that all services fill. */
export type SharedSet =
  | 'cluster-ips'
  | 'service-ips'
  | 'service-nodeports'
  | 'no-endpoint-services'
  | 'no-endpoint-nodeports'
  | 'firewall-ips'
  | 'hairpin-connections'
  | EndpointMap;

/**
 * Maps from a destination and a number to one of its endpoints. One map for all services, rather than one of its own in the rule of each:
 * the kernel goes through all sets of a table and of a transaction for every set that comes, so that ten thousand take it half a minute.
 */
export type EndpointMap =
  | 'endpoints'
  | 'local-endpoints'
  | 'nodeport-endpoints'
  | 'nodeport-local-endpoints';

/** All of them with what they are, in the order in which they are made. */
export function sharedSetSpecs({
  family,
}: NodeFacts): Readonly<
  Record<SharedSet, { readonly kind: 'set' | 'map'; readonly spec: string }>
> {
  const address = addressType(family);
  const ip = ipWord(family);
  const byDestination = map(`type ${address} . inet_proto . inet_service : verdict;`);
  const byNodePort = map('type inet_proto . inet_service : verdict;');
  const endpointsBy = (words: string) =>
    map(`typeof ${words} . numgen random mod 2 : ${ip} daddr . th dport;`);
  return {
    'cluster-ips': set(`type ${address};`),
    'service-ips': byDestination,
    'service-nodeports': byNodePort,
    'no-endpoint-services': byDestination,
    'no-endpoint-nodeports': byNodePort,
    'firewall-ips': byDestination,
    'hairpin-connections': set(`type ${address} . ${address};`),
    endpoints: endpointsBy(destinationWords(family)),
    'local-endpoints': endpointsBy(destinationWords(family)),
    'nodeport-endpoints': endpointsBy(nodePortWords),
    'nodeport-local-endpoints': endpointsBy(nodePortWords),
  };
}

function map(spec: string): { readonly kind: 'map'; readonly spec: string } {
  return { kind: 'map', spec };
}

function set(spec: string): { readonly kind: 'set'; readonly spec: string } {
  return { kind: 'set', spec };
}
