import type { NftChain, NftObject } from '../../dataplane/nft-table.js';
import { masqueradeMark, type NodeFacts } from '../model/node-facts.js';
import { isExternallyReachable, type ServicePortView, type Target } from '../model/service-port.js';
import { affinityNames, portChains } from './object-names.js';

/** What one service port adds to the table: objects of its own, and elements of the maps that all share. */
export interface PortFragment {
  readonly objects: readonly NftObject[];
  readonly elements: readonly SharedElement[];
}

/** Maps and sets that all services fill. */
export type SharedSet =
  | 'cluster-ips'
  | 'service-ips'
  | 'service-nodeports'
  | 'no-endpoint-services'
  | 'no-endpoint-nodeports'
  | 'firewall-ips'
  | 'hairpin-connections';

/** An element of a shared map; `value` is '' in sets. */
export interface SharedElement {
  readonly set: SharedSet;
  readonly key: string;
  readonly value: string;
}

/** The rules of one service port. */
export function planPort(port: ServicePortView, facts: NodeFacts): PortFragment {
  return {
    objects: [...clusterChains(port, facts), ...externalChains(port, facts)],
    elements: [
      { set: 'cluster-ips', key: port.clusterIp, value: '' },
      ...clusterIpElements(port),
      ...externalElements(port),
      ...hairpinElements(port),
    ],
  };
}

/** `10.0.0.1 . tcp . 80`. */
function destination(port: ServicePortView, ip: string): string {
  return `${ip} . ${port.protocol} . ${port.port}`;
}

function clusterIpElements(port: ServicePortView): readonly SharedElement[] {
  const targets = port.isInternalLocal ? port.localTargets : port.clusterTargets;
  const chains = portChains(port);
  const key = destination(port, port.clusterIp);
  if (targets.length > 0) {
    const value = `goto ${port.isInternalLocal ? chains.local : chains.cluster}`;
    return [{ set: 'service-ips', key, value }];
  }
  return [{ set: 'no-endpoint-services', key, value: refusal(port) }];
}

/** Nobody answers anywhere: say so at once. Others have endpoints, this node has none: be silent, a load balancer asks another node. */
function refusal({ hasEndpoints }: ServicePortView): string {
  return hasEndpoints ? 'drop' : 'goto reject-chain';
}

function externalElements(port: ServicePortView): readonly SharedElement[] {
  const { external, firewall } = portChains(port);
  const elements: SharedElement[] = [];
  const targets = port.isExternalLocal ? port.localTargets : port.clusterTargets;
  const addElement = (kind: 'services' | 'nodeports', key: string) => {
    const served: SharedSet = kind === 'services' ? 'service-ips' : 'service-nodeports';
    if (port.clusterTargets.length + targets.length > 0)
      elements.push({ set: served, key, value: `goto ${external}` });
    if (targets.length === 0)
      elements.push({ set: `no-endpoint-${kind}`, key, value: refusal(port) });
  };
  for (const ip of new Set([...port.externalIps, ...port.loadBalancerIps])) {
    addElement('services', destination(port, ip));
  }
  if (port.nodePort !== 0) addElement('nodeports', `${port.protocol} . ${port.nodePort}`);
  if (port.sourceRanges.length === 0) return elements;
  for (const ip of port.loadBalancerIps) {
    const value = `goto ${firewall}`;
    elements.push({ set: 'firewall-ips', key: destination(port, ip), value });
  }
  return elements;
}

/** A pod that reaches itself through its service would answer itself directly, unlike it asked: it is masked as the node. */
function hairpinElements(port: ServicePortView): readonly SharedElement[] {
  const local = [...port.clusterTargets, ...port.localTargets].filter(({ isLocal }) => isLocal);
  return [...new Set(local.map(({ ip }) => ip))].map((ip) => ({
    ...{ set: 'hairpin-connections' as const, key: `${ip} . ${ip}`, value: '' },
  }));
}

function clusterChains(port: ServicePortView, facts: NodeFacts): readonly NftObject[] {
  const { cluster, local } = portChains(port);
  const { clusterTargets, localTargets } = port;
  const objects: NftObject[] = [];
  const masquerade = masqueradesClusterIp(port, facts);
  if (clusterTargets.length > 0) {
    const rules = [...masquerade, ...balanceRules(port, clusterTargets, facts)];
    objects.push(chain(cluster, rules));
  }
  if (localTargets.length > 0) {
    objects.push(chain(local, [...masquerade, ...balanceRules(port, localTargets, facts)]));
  }
  if (port.affinitySeconds === 0) return objects;
  const targets = new Map(
    [...clusterTargets, ...localTargets].map((target) => [`${target.ip} ${target.port}`, target]),
  );
  return [...affinityObjects(port, [...targets.values()]), ...objects];
}

/** What comes from outside the pods' network by a cluster IP is to come back by this node. */
function masqueradesClusterIp(port: ServicePortView, facts: NodeFacts): readonly string[] {
  const { family, clusterCidr, masqueradesAll } = facts;
  if (!masqueradesAll && clusterCidr === null) return [];
  const ip = ipWord(family);
  const from = masqueradesAll ? '' : ` ${ip} saddr != ${clusterCidr}`;
  return [`${ip} daddr ${port.clusterIp}${from} jump mark-for-masquerade`];
}

function balanceRules(
  port: ServicePortView,
  targets: readonly Target[],
  { family, balance }: NodeFacts,
): readonly string[] {
  const ip = ipWord(family);
  const pick = `numgen ${balance === 'random' ? 'random' : 'inc'} mod ${targets.length}`;
  if (port.affinitySeconds > 0) {
    const names = targets.map((target) => affinityNames(port, target));
    return [
      ...names.map(({ chain, set }) => `${ip} saddr @${set} goto ${chain}`),
      `${pick} vmap { ${names.map(({ chain }, at) => `${at} : goto ${chain}`).join(', ')} }`,
    ];
  }
  const [only] = targets;
  if (only !== undefined && targets.length === 1) return [dnatTo(port, only)];
  const choices = targets.map((target, at) => `${at} : ${target.ip} . ${target.port}`);
  return [`meta l4proto ${port.protocol} dnat ${ip} to ${pick} map { ${choices.join(', ')} }`];
}

function dnatTo({ protocol, family }: ServicePortView, target: Target): string {
  const ip = family === 4 ? target.ip : `[${target.ip}]`;
  return `meta l4proto ${protocol} dnat to ${ip}:${target.port}`;
}

function affinityObjects(port: ServicePortView, targets: readonly Target[]): readonly NftObject[] {
  const { family, affinitySeconds } = port;
  return targets.flatMap((target) => {
    const { chain: name, set } = affinityNames(port, target);
    const spec = `type ${addressType(family)}; flags dynamic,timeout; timeout ${affinitySeconds}s;`;
    const rules = [`update @${set} { ${ipWord(family)} saddr }`, dnatTo(port, target)];
    return [{ kind: 'set' as const, name: set, spec, elements: new Map() }, chain(name, rules)];
  });
}

function externalChains(port: ServicePortView, facts: NodeFacts): readonly NftObject[] {
  if (!isExternallyReachable(port)) return [];
  const { cluster, local, external, firewall } = portChains(port);
  const { isExternalLocal, clusterTargets, localTargets, sourceRanges } = port;
  const objects: NftObject[] = [];
  const ip = ipWord(facts.family);
  const rules: string[] = [];
  if (!isExternalLocal) {
    if (clusterTargets.length > 0) rules.push('jump mark-for-masquerade', `goto ${cluster}`);
  } else {
    if (clusterTargets.length > 0) {
      // The cluster's own connections are not from outside: the load balancer's policy is not for them.
      if (facts.clusterCidr !== null)
        rules.push(`${ip} saddr ${facts.clusterCidr} goto ${cluster}`);
      rules.push(
        'fib saddr type local jump mark-for-masquerade',
        `fib saddr type local goto ${cluster}`,
      );
    }
    if (localTargets.length > 0) rules.push(`goto ${local}`);
  }
  if (rules.length > 0) objects.push(chain(external, rules));
  if (sourceRanges.length > 0 && port.loadBalancerIps.length > 0) {
    objects.push(chain(firewall, [`${ip} saddr != { ${sourceRanges.join(', ')} } drop`]));
  }
  return objects;
}

function chain(name: string, rules: readonly string[]): NftChain {
  return { kind: 'chain', name, spec: '', rules };
}

/** The family's word in rules. */
export function ipWord(family: NodeFacts['family']): 'ip' | 'ip6' {
  return family === 4 ? 'ip' : 'ip6';
}

/** The family's type of addresses. */
export function addressType(family: NodeFacts['family']): 'ipv4_addr' | 'ipv6_addr' {
  return family === 4 ? 'ipv4_addr' : 'ipv6_addr';
}

/** The mark that asks for masquerading, set and cleared. */
export function maskRules(facts: NodeFacts): {
  readonly mark: readonly string[];
  readonly masquerade: readonly string[];
} {
  const mark = masqueradeMark(facts);
  const ip = ipWord(facts.family);
  return {
    mark: [`mark set mark or ${mark}`],
    masquerade: [
      `ct status dnat ${ip} saddr . ${ip} daddr @hairpin-connections masquerade fully-random`,
      `mark and ${mark} == 0 return`,
      `mark set mark xor ${mark}`,
      'masquerade fully-random',
    ],
  };
}
