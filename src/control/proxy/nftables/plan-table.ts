import { type NftObject, type NftTable, nftTable } from '../../dataplane/nft-table.js';
import type { NodeFacts } from '../model/node-facts.js';
import type { ServicePortView } from '../model/service-port.js';
import { tableName } from './object-names.js';
import {
  addressType,
  ipWord,
  maskRules,
  type PortFragment,
  planPort,
  type SharedSet,
} from './plan-port.js';

/** The table for a node: a function of its services alone. Ports are in the order of {@link comparePorts}, so that of two that claim one address the first gets it. */
export function planTable(ports: readonly ServicePortView[], facts: NodeFacts): NftTable {
  return mergeFragments(
    ports.map((port) => planPort(port, facts)),
    facts,
  );
}

/** The table that fragments make together: of two that claim one address, the first gets it. */
export function mergeFragments(fragments: Iterable<PortFragment>, facts: NodeFacts): NftTable {
  const shared = sharedElements();
  const objects: NftObject[] = [];
  for (const fragment of fragments) {
    for (const { set, key, value } of fragment.elements) {
      const elements = shared[set];
      if (!elements.has(key)) elements.set(key, value);
    }
    for (const object of fragment.objects) objects.push(object);
  }
  const at = { family: ipWord(facts.family), name: tableName };
  return nftTable(at, [...sharedSets(shared, facts), ...baseChains(facts), ...objects]);
}

type SharedElements = Record<SharedSet, Map<string, string>>;

function sharedElements(): SharedElements {
  return {
    'cluster-ips': new Map(),
    'service-ips': new Map(),
    'service-nodeports': new Map(),
    'no-endpoint-services': new Map(),
    'no-endpoint-nodeports': new Map(),
    'firewall-ips': new Map(),
    'hairpin-connections': new Map(),
  };
}

function sharedSets(shared: SharedElements, facts: NodeFacts): readonly NftObject[] {
  const address = addressType(facts.family);
  const byDestination = `type ${address} . inet_proto . inet_service : verdict;`;
  const byNodePort = 'type inet_proto . inet_service : verdict;';
  const specs: Record<SharedSet, string> = {
    'cluster-ips': `type ${address};`,
    'service-ips': byDestination,
    'service-nodeports': byNodePort,
    'no-endpoint-services': byDestination,
    'no-endpoint-nodeports': byNodePort,
    'firewall-ips': byDestination,
    'hairpin-connections': `type ${address} . ${address};`,
  };
  const nodePortIps = facts.nodePortAddresses === 'all' ? [] : facts.nodePortAddresses;
  return [
    ...(Object.keys(specs) as SharedSet[]).map((name) => ({
      kind: specs[name].includes('verdict') ? ('map' as const) : ('set' as const),
      ...{ name, spec: specs[name], elements: shared[name] },
    })),
    {
      ...{ kind: 'set', name: 'nodeport-ips', spec: `type ${address};` },
      elements: new Map(nodePortIps.map((ip) => [ip, ''])),
    },
  ];
}

/** What comes before the translation of addresses sees what was asked for; what comes after sees what was not translated. */
function baseChains(facts: NodeFacts): readonly NftObject[] {
  const { mark, masquerade } = maskRules(facts);
  const checks = ['ct state new jump service-endpoints-check'];
  const forwardChecks = [...checks, 'ct state new jump cluster-ips-check'];
  const firewall = ['ct state new jump firewall-check'];
  const bare = '';
  const rows: readonly (readonly [name: string, spec: string, rules: readonly string[]])[] = [
    ['mark-for-masquerade', bare, mark],
    ['masquerading', bare, masquerade],
    ['reject-chain', bare, ['meta l4proto tcp reject with tcp reset', 'reject']],
    ['services', bare, serviceRules(facts)],
    ['service-endpoints-check', bare, endpointCheckRules(facts)],
    ['firewall-check', bare, [`${destinationOf(facts)} vmap @firewall-ips`]],
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

function destinationOf({ family }: NodeFacts): string {
  return `${ipWord(family)} daddr . meta l4proto . th dport`;
}

/** Packets to one of this node's addresses that serve node ports. */
function toNodePorts({ family, nodePortAddresses }: NodeFacts): string {
  const ip = ipWord(family);
  if (nodePortAddresses !== 'all') return `${ip} daddr @nodeport-ips`;
  return `fib daddr type local ${ip} daddr != ${family === 4 ? '127.0.0.0/8' : '::1'}`;
}

function serviceRules(facts: NodeFacts): readonly string[] {
  return [
    `${destinationOf(facts)} vmap @service-ips`,
    `${toNodePorts(facts)} meta l4proto . th dport vmap @service-nodeports`,
  ];
}

function endpointCheckRules(facts: NodeFacts): readonly string[] {
  return [
    `${destinationOf(facts)} vmap @no-endpoint-services`,
    `${toNodePorts(facts)} meta l4proto . th dport vmap @no-endpoint-nodeports`,
  ];
}
