import type { NftObject } from '../../dataplane/nft-table.js';
import { masqueradeMark, type NodeFacts } from '../model/node-facts.js';
import { addressType, destinationWords, ipWord, nodePortWords, podSourceMatch } from './words.js';

/** Everything of the table that does not depend on services, but for the sets that they share. */
export function baseObjects(facts: NodeFacts): readonly NftObject[] {
  const ips = facts.nodePortAddresses === 'all' ? [] : facts.nodePortAddresses;
  const spec = `type ${addressType(facts.family)};`;
  const elements = new Map(ips.map((ip) => [ip, '']));
  return [{ kind: 'set', name: 'nodeport-ips', spec, elements }, ...baseChains(facts)];
}

/** What comes before the translation of addresses sees what was asked for; what comes after sees what was not translated. */
function baseChains(facts: NodeFacts): readonly NftObject[] {
  const checks = ['ct state new jump service-endpoints-check'];
  const forwardChecks = [...checks, 'ct state new jump cluster-ips-check'];
  const firewall = ['ct state new jump firewall-check'];
  const destination = destinationWords(facts.family);
  const bare = '';
  const rows: readonly (readonly [name: string, spec: string, rules: readonly string[]])[] = [
    ['mark-for-masquerade', bare, [`mark set mark or ${masqueradeMark(facts)}`]],
    ['masquerading', bare, masqueradeRules(facts)],
    ['reject-chain', bare, ['meta l4proto tcp reject with tcp reset', 'reject']],
    ['services', bare, serviceRules(facts)],
    ['service-endpoints-check', bare, endpointCheckRules(facts)],
    ['firewall-check', bare, [`${destination} vmap @firewall-ips`]],
    ['cluster-ips-check', bare, [`${ipWord(facts.family)} daddr @cluster-ips reject`]],
    ['filter-prerouting-pre-dnat', hook('filter', 'prerouting', -110), firewall],
    ['filter-output-pre-dnat', hook('filter', 'output', -110), firewall],
    ['filter-input', hook('filter', 'input', 0), checks],
    ['filter-forward', hook('filter', 'forward', 0), forwardChecks],
    ['filter-output', hook('filter', 'output', 0), forwardChecks],
    ['nat-prerouting', hook('nat', 'prerouting', -100), ['jump services']],
    ['nat-output', hook('nat', 'output', -100), ['jump services']],
    ['nat-postrouting', hook('nat', 'postrouting', 100), ['jump masquerading']],
  ];
  return rows.map(([name, spec, rules]) => ({ kind: 'chain', name, spec, rules }));
}

function hook(type: 'filter' | 'nat', name: string, priority: number): string {
  return `type ${type} hook ${name} priority ${priority};`;
}

/** Packets to one of this node's addresses that serve node ports. */
function toNodePorts({ family, nodePortAddresses }: NodeFacts): string {
  const ip = ipWord(family);
  if (nodePortAddresses !== 'all') return `${ip} daddr @nodeport-ips`;
  return `fib daddr type local ${ip} daddr != ${family === 4 ? '127.0.0.0/8' : '::1'}`;
}

function serviceRules(facts: NodeFacts): readonly string[] {
  return [
    ...masqueradesClusterIps(facts),
    `${destinationWords(facts.family)} vmap @service-ips`,
    `${toNodePorts(facts)} ${nodePortWords} vmap @service-nodeports`,
  ];
}

/** What comes from outside the pods' network by a cluster IP is to come back by this node. */
function masqueradesClusterIps({
  family,
  podSource,
  masqueradesAll,
}: NodeFacts): readonly string[] {
  const to = `${ipWord(family)} daddr @cluster-ips`;
  if (masqueradesAll) return [`${to} jump mark-for-masquerade`];
  if (podSource === null) return [];
  const from = podSourceMatch(podSource, { family, isFromPods: false });
  return [`${to} ${from} jump mark-for-masquerade`];
}

function endpointCheckRules(facts: NodeFacts): readonly string[] {
  return [
    `${destinationWords(facts.family)} vmap @no-endpoint-services`,
    `${toNodePorts(facts)} ${nodePortWords} vmap @no-endpoint-nodeports`,
  ];
}

/** The mark is cleared: what leaves may come by here again, tunnelled. */
function masqueradeRules(facts: NodeFacts): readonly string[] {
  const mark = masqueradeMark(facts);
  const ip = ipWord(facts.family);
  return [
    `ct status dnat ${ip} saddr . ${ip} daddr @hairpin-connections masquerade fully-random`,
    `mark and ${mark} == 0 return`,
    `mark set mark xor ${mark}`,
    'masquerade fully-random',
  ];
}
