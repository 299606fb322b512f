import type { NodeFacts, PodSource } from '../model/node-facts.js';
import {
  isExternallyReachable,
  type ServicePortView,
  servicePortName,
  type Target,
} from '../model/service-port.js';
import { endpointChainName, endpointText, portChainNames } from './chain-names.js';

/** What one service port adds to the rules. */
export interface IptablesFragment {
  /** Rules of chains that all ports share. */
  readonly shared: readonly {
    readonly table: 'nat' | 'filter';
    readonly chain: string;
    readonly rule: string;
  }[];
  readonly own: readonly {
    readonly table: 'nat';
    readonly chain: string;
    readonly rules: string[];
  }[];
  /** Its endpoints on this node. */
  readonly localIps: readonly string[];
}

/** The rules of one service port. */
export function planPort(port: ServicePortView, facts: NodeFacts): IptablesFragment {
  const rules = new PortRules();
  addClusterIp(rules, port);
  addBalancing(rules, port, 'cluster', facts);
  addBalancing(rules, port, 'local', facts);
  if (isExternallyReachable(port)) {
    if (port.isExternalLocal ? hasAny(port) : port.clusterTargets.length > 0)
      rules.addOwn(portChainNames(port).external, externalRules(port, facts));
    addDestinations(rules, port);
  }
  const local = [...port.clusterTargets, ...port.localTargets].filter(({ isLocal }) => isLocal);
  const localIps = [...new Set(local.map(({ ip }) => ip))];
  return { shared: rules.shared, own: rules.own, localIps };
}

class PortRules {
  readonly shared: { table: 'nat' | 'filter'; chain: string; rule: string }[] = [];
  readonly own: { table: 'nat'; chain: string; rules: string[] }[] = [];

  add(table: 'nat' | 'filter', chain: string, rule: string): void {
    this.shared.push({ table, chain, rule });
  }

  addOwn(chain: string, rules: readonly string[]): void {
    this.own.push({ table: 'nat', chain, rules: [...rules] });
  }

  /** Nobody answers anywhere: say so. Others have endpoints, this node has none: be silent. */
  refuse(chain: string, match: string, { hasEndpoints, protocol }: ServicePortView): void {
    const reject = protocol === 'tcp' ? 'REJECT --reject-with tcp-reset' : 'REJECT';
    this.add('filter', chain, `${match} -j ${hasEndpoints ? 'DROP' : reject}`);
  }
}

function hasAny({ clusterTargets, localTargets }: ServicePortView): boolean {
  return clusterTargets.length + localTargets.length > 0;
}

function matchOf({ protocol }: ServicePortView, comment: string): string {
  return `-m comment --comment "${comment}" -p ${protocol} -m ${protocol}`;
}

function addClusterIp(rules: PortRules, port: ServicePortView): void {
  const { cluster, local } = portChainNames(port);
  const targets = port.isInternalLocal ? port.localTargets : port.clusterTargets;
  const comment = `${servicePortName(port)} cluster IP`;
  const to = `${matchOf(port, comment)} -d ${port.clusterIp} --dport ${port.port}`;
  if (targets.length === 0) rules.refuse('KUBE-SERVICES', to, port);
  else rules.add('nat', 'KUBE-SERVICES', `${to} -j ${port.isInternalLocal ? local : cluster}`);
}

function addDestinations(rules: PortRules, port: ServicePortView): void {
  const { external, firewall } = portChainNames(port);
  const name = servicePortName(port);
  const targets = port.isExternalLocal ? port.localTargets : port.clusterTargets;
  const isServed = port.clusterTargets.length + targets.length > 0;
  const serve = (what: string, match: string) => {
    const full = `${matchOf(port, `${name} ${what}`)} ${match}`;
    if (isServed) rules.add('nat', 'KUBE-SERVICES', `${full} -j ${external}`);
    if (targets.length === 0) rules.refuse('KUBE-EXTERNAL-SERVICES', full, port);
  };
  for (const ip of port.externalIps) serve('external IP', `-d ${ip} --dport ${port.port}`);
  const isGuarded = isServed && port.sourceRanges.length > 0;
  for (const ip of port.loadBalancerIps) {
    const match = `-d ${ip} --dport ${port.port}`;
    if (!isGuarded) {
      serve('loadbalancer IP', match);
      continue;
    }
    // What the ranges do not let in is not translated, and is dropped for that.
    const full = `${matchOf(port, `${name} loadbalancer IP`)} ${match}`;
    rules.add('nat', 'KUBE-SERVICES', `${full} -j ${firewall}`);
    rules.add('filter', 'KUBE-PROXY-FIREWALL', `${full} -j DROP`);
  }
  if (port.loadBalancerIps.length > 0 && isGuarded)
    rules.addOwn(
      firewall,
      port.sourceRanges.map((cidr) => `-s ${cidr} -j ${external}`),
    );
  if (port.nodePort === 0) return;
  const match = `${matchOf(port, name)} --dport ${port.nodePort}`;
  if (isServed) rules.add('nat', 'KUBE-NODEPORTS', `${match} -j ${external}`);
  if (targets.length === 0)
    rules.refuse('KUBE-NODEPORTS', `${match} -m addrtype --dst-type LOCAL`, port);
}

function externalRules(port: ServicePortView, { podSource }: NodeFacts): readonly string[] {
  const { cluster, local } = portChainNames(port);
  if (!port.isExternalLocal) return ['-j KUBE-MARK-MASQ', `-j ${cluster}`];
  const rules: string[] = [];
  if (port.clusterTargets.length > 0) {
    if (podSource !== null) rules.push(`${podSourceMatch(podSource, true)} -j ${cluster}`);
    rules.push(
      '-m addrtype --src-type LOCAL -j KUBE-MARK-MASQ',
      `-m addrtype --src-type LOCAL -j ${cluster}`,
    );
  }
  if (port.localTargets.length > 0) rules.push(`-j ${local}`);
  return rules;
}

/** Matches what pods send, or what others do. */
export function podSourceMatch(source: PodSource, isFromPods: boolean): string {
  const is = isFromPods ? '' : '! ';
  if (source.by === 'cidr') return `${is}-s ${source.cidr}`;
  return `${is}-i ${source.name}${source.isPrefix ? '+' : ''}`;
}

function addBalancing(
  rules: PortRules,
  port: ServicePortView,
  reach: 'cluster' | 'local',
  facts: NodeFacts,
): void {
  const targets = reach === 'cluster' ? port.clusterTargets : port.localTargets;
  if (targets.length === 0) return;
  const inside = [...masqueradesClusterIp(port, facts)];
  if (port.affinitySeconds > 0) {
    for (const target of targets) {
      const name = endpointChainName(port, target);
      const known = `-m recent --name ${name} --rcheck --seconds ${port.affinitySeconds} --reap`;
      inside.push(`${known} --rsource -j ${name}`);
      if (!rules.own.some(({ chain }) => chain === name))
        rules.addOwn(name, endpointRules(port, target, name));
    }
  }
  targets.forEach((target, at) => {
    // The first takes one in n, the second one in n-1 of what is left, the last takes all.
    const left = targets.length - at;
    const chance =
      left === 1 ? '' : `-m statistic --mode random --probability ${(1 / left).toFixed(10)} `;
    inside.push(`${chance}${toTarget(port, target)}`);
  });
  rules.addOwn(portChainNames(port)[reach], inside);
}

function masqueradesClusterIp(
  { clusterIp, protocol, port }: ServicePortView,
  { podSource, masqueradesAll }: NodeFacts,
): readonly string[] {
  const to = `-d ${clusterIp} -p ${protocol} -m ${protocol} --dport ${port}`;
  if (masqueradesAll) return [`${to} -j KUBE-MARK-MASQ`];
  if (podSource === null) return [];
  return [`${podSourceMatch(podSource, false)} ${to} -j KUBE-MARK-MASQ`];
}

/** Only who keeps clients needs chains for its endpoints: ten thousand chains take `iptables-restore` ten times as long as as many rules. */
function toTarget(port: ServicePortView, target: Target): string {
  if (port.affinitySeconds > 0) return `-j ${endpointChainName(port, target)}`;
  return translation(port, target);
}

function translation(port: ServicePortView, target: Target): string {
  const { protocol } = port;
  return `-p ${protocol} -m ${protocol} -j DNAT --to-destination ${endpointText(port, target)}`;
}

function endpointRules(port: ServicePortView, target: Target, name: string): readonly string[] {
  return [`-m recent --name ${name} --set --rsource ${translation(port, target)}`];
}
