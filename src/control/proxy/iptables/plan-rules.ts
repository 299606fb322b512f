import { masqueradeMark, type NodeFacts } from '../model/node-facts.js';
import {
  isExternallyReachable,
  type ServicePortView,
  servicePortName,
  type Target,
} from '../model/service-port.js';
import { endpointChainName, endpointText, portChainNames } from './chain-names.js';
import type { IptablesRules } from './tables.js';

/** Where the built-in chains lead to ours. */
export const entryRules: readonly {
  readonly table: 'nat' | 'filter';
  readonly from: string;
  readonly match: readonly string[];
  readonly to: string;
}[] = [
  entry('nat', 'PREROUTING', 'KUBE-SERVICES'),
  entry('nat', 'OUTPUT', 'KUBE-SERVICES'),
  entry('nat', 'POSTROUTING', 'KUBE-POSTROUTING'),
  entry('filter', 'INPUT', 'KUBE-NODEPORTS'),
  entry('filter', 'FORWARD', 'KUBE-FORWARD'),
  ...['INPUT', 'FORWARD', 'OUTPUT'].flatMap((from) => [
    entry('filter', from, 'KUBE-SERVICES', true),
    entry('filter', from, 'KUBE-EXTERNAL-SERVICES', true),
    entry('filter', from, 'KUBE-PROXY-FIREWALL', true),
  ]),
];

function entry(table: 'nat' | 'filter', from: string, to: string, isNewOnly = false) {
  return { table, from, to, match: isNewOnly ? ['-m', 'conntrack', '--ctstate', 'NEW'] : [] };
}

/** The rules for a node: a function of its services alone. Of two ports that claim one address the first gets it, for its rules come first. */
export function planRules(ports: readonly ServicePortView[], facts: NodeFacts): IptablesRules {
  const rules = new Rules(facts);
  for (const port of ports) addPort(rules, port, facts);
  rules.finish(facts);
  return rules;
}

class Rules implements IptablesRules {
  readonly nat = new Map<string, string[]>();
  readonly filter = new Map<string, string[]>();

  constructor(facts: NodeFacts) {
    const mark = masqueradeMark(facts);
    this.nat.set('KUBE-SERVICES', []);
    this.nat.set('KUBE-NODEPORTS', []);
    this.nat.set('KUBE-POSTROUTING', [
      `-m mark ! --mark ${mark}/${mark} -j RETURN`,
      `-j MARK --xor-mark ${mark}`,
      '-m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully',
    ]);
    this.nat.set('KUBE-MARK-MASQ', [`-j MARK --or-mark ${mark}`]);
    for (const chain of ['SERVICES', 'EXTERNAL-SERVICES', 'NODEPORTS', 'PROXY-FIREWALL'])
      this.filter.set(`KUBE-${chain}`, []);
    this.filter.set('KUBE-FORWARD', [
      '-m conntrack --ctstate INVALID -j DROP',
      `-m comment --comment "kubernetes forwarding rules" -m mark --mark ${mark}/${mark} -j ACCEPT`,
      '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    ]);
  }

  add(table: 'nat' | 'filter', chain: string, ...rules: readonly string[]): void {
    const existing = this[table].get(chain);
    if (existing === undefined) this[table].set(chain, [...rules]);
    else existing.push(...rules);
  }

  /** Node ports come last: most packets are not for them. */
  finish({ family, nodePortAddresses }: NodeFacts): void {
    const loopback = family === 4 ? '127.0.0.0/8' : '::1/128';
    const destinations =
      nodePortAddresses === 'all'
        ? [`! -d ${loopback} -m addrtype --dst-type LOCAL`]
        : nodePortAddresses.map((ip) => `-d ${ip}`);
    for (const to of destinations) this.add('nat', 'KUBE-SERVICES', `${to} -j KUBE-NODEPORTS`);
  }
}

function addPort(rules: Rules, port: ServicePortView, facts: NodeFacts): void {
  const { cluster, local, external } = portChainNames(port);
  const internal = port.isInternalLocal ? port.localTargets : port.clusterTargets;
  const to = `${matchOf(port, `${servicePortName(port)} cluster IP`)} -d ${port.clusterIp} --dport ${port.port}`;
  if (internal.length > 0)
    rules.add('nat', 'KUBE-SERVICES', `${to} -j ${port.isInternalLocal ? local : cluster}`);
  else refuse(rules, 'KUBE-SERVICES', to, port);
  addBalancing(rules, port, cluster, port.clusterTargets, facts);
  addBalancing(rules, port, local, port.localTargets, facts);
  if (!isExternallyReachable(port)) return;
  if (port.isExternalLocal ? hasAny(port) : port.clusterTargets.length > 0)
    rules.add('nat', external, ...externalRules(port, facts));
  addDestinations(rules, port);
}

function hasAny({ clusterTargets, localTargets }: ServicePortView): boolean {
  return clusterTargets.length + localTargets.length > 0;
}

function matchOf({ protocol }: ServicePortView, comment: string): string {
  return `-m comment --comment "${comment}" -p ${protocol} -m ${protocol}`;
}

/** Nobody answers anywhere: say so. Others have endpoints, this node has none: be silent. */
function refuse(rules: Rules, chain: string, match: string, port: ServicePortView): void {
  if (port.hasEndpoints) rules.add('filter', chain, `${match} -j DROP`);
  else if (port.protocol === 'tcp')
    rules.add('filter', chain, `${match} -j REJECT --reject-with tcp-reset`);
  else rules.add('filter', chain, `${match} -j REJECT`);
}

function addDestinations(rules: Rules, port: ServicePortView): void {
  const { external, firewall } = portChainNames(port);
  const name = servicePortName(port);
  const targets = port.isExternalLocal ? port.localTargets : port.clusterTargets;
  const isServed = port.clusterTargets.length + targets.length > 0;
  const serve = (what: string, chain: string, match: string, refusedIn: string) => {
    const full = `${matchOf(port, `${name} ${what}`)} ${match}`;
    if (isServed) rules.add('nat', chain, `${full} -j ${external}`);
    if (targets.length === 0) refuse(rules, refusedIn, full, port);
  };
  for (const ip of port.externalIps)
    serve(
      'external IP',
      'KUBE-SERVICES',
      `-d ${ip} --dport ${port.port}`,
      'KUBE-EXTERNAL-SERVICES',
    );
  for (const ip of port.loadBalancerIps) {
    const match = `-d ${ip} --dport ${port.port}`;
    const what = `${name} loadbalancer IP`;
    if (!isServed || port.sourceRanges.length === 0) {
      serve('loadbalancer IP', 'KUBE-SERVICES', match, 'KUBE-EXTERNAL-SERVICES');
      continue;
    }
    // What the ranges do not let in is not translated, and is dropped for that.
    rules.add('nat', 'KUBE-SERVICES', `${matchOf(port, what)} ${match} -j ${firewall}`);
    rules.add('filter', 'KUBE-PROXY-FIREWALL', `${matchOf(port, what)} ${match} -j DROP`);
  }
  if (port.loadBalancerIps.length > 0 && isServed && port.sourceRanges.length > 0) {
    const allowed = port.sourceRanges.map((cidr) => `-s ${cidr} -j ${external}`);
    rules.add('nat', firewall, ...allowed);
  }
  if (port.nodePort === 0) return;
  const match = `--dport ${port.nodePort}`;
  if (isServed)
    rules.add('nat', 'KUBE-NODEPORTS', `${matchOf(port, name)} ${match} -j ${external}`);
  if (targets.length === 0) {
    const isLocal = '-m addrtype --dst-type LOCAL';
    refuse(rules, 'KUBE-NODEPORTS', `${matchOf(port, name)} ${match} ${isLocal}`, port);
  }
}

function externalRules(port: ServicePortView, facts: NodeFacts): readonly string[] {
  const { cluster, local } = portChainNames(port);
  if (!port.isExternalLocal) return ['-j KUBE-MARK-MASQ', `-j ${cluster}`];
  const rules: string[] = [];
  if (port.clusterTargets.length > 0) {
    if (facts.clusterCidr !== null) rules.push(`-s ${facts.clusterCidr} -j ${cluster}`);
    rules.push(
      '-m addrtype --src-type LOCAL -j KUBE-MARK-MASQ',
      `-m addrtype --src-type LOCAL -j ${cluster}`,
    );
  }
  if (port.localTargets.length > 0) rules.push(`-j ${local}`);
  return rules;
}

function addBalancing(
  rules: Rules,
  port: ServicePortView,
  chain: string,
  targets: readonly Target[],
  facts: NodeFacts,
): void {
  if (targets.length === 0) return;
  const { clusterCidr, masqueradesAll } = facts;
  if (masqueradesAll || clusterCidr !== null) {
    const from = masqueradesAll ? '' : `! -s ${clusterCidr} `;
    const to = `-d ${port.clusterIp} -p ${port.protocol} -m ${port.protocol} --dport ${port.port}`;
    rules.add('nat', chain, `${from}${to} -j KUBE-MARK-MASQ`);
  }
  const endpoints = targets.map((target) => ({ target, name: endpointChainName(port, target) }));
  if (port.affinitySeconds > 0) {
    for (const { name } of endpoints) {
      const known = `-m recent --name ${name} --rcheck --seconds ${port.affinitySeconds} --reap`;
      rules.add('nat', chain, `${known} --rsource -j ${name}`);
    }
  }
  endpoints.forEach(({ target, name }, at) => {
    // The first takes one in n, the second one in n-1 of what is left, the last takes all.
    const left = targets.length - at;
    const chance =
      left === 1 ? '' : `-m statistic --mode random --probability ${(1 / left).toFixed(10)} `;
    rules.add('nat', chain, `${chance}-j ${name}`);
    if (!rules.nat.has(name)) rules.add('nat', name, ...endpointRules(port, target, name));
  });
}

function endpointRules(port: ServicePortView, target: Target, name: string): readonly string[] {
  const recent = port.affinitySeconds > 0 ? `-m recent --name ${name} --set --rsource ` : '';
  const { protocol } = port;
  return [
    `-s ${target.ip} -j KUBE-MARK-MASQ`,
    `${recent}-p ${protocol} -m ${protocol} -j DNAT --to-destination ${endpointText(port, target)}`,
  ];
}
