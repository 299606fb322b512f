import { masqueradeMark, type NodeFacts } from '../model/node-facts.js';
import type { ServicePortView } from '../model/service-port.js';
import { type IptablesFragment, planPort } from './plan-port.js';
import type { IptablesRules } from './tables.js';

/** The rules for a node: a function of its services alone. Of two ports that claim one address the first gets it, for its rules come first. */
export function planRules(ports: readonly ServicePortView[], facts: NodeFacts): IptablesRules {
  return mergeFragments(
    ports.map((port) => planPort(port, facts)),
    facts,
  );
}

/** The rules that ports have together; chains of their own are the objects that the fragments have. */
export function mergeFragments(
  fragments: Iterable<IptablesFragment>,
  facts: NodeFacts,
): IptablesRules {
  const rules = { nat: natBase(facts), filter: filterBase(facts) };
  const hairpins = new Set<string>();
  for (const { shared, own, localIps } of fragments) {
    for (const { table, chain, rule } of shared) rules[table].get(chain)?.push(rule);
    for (const { table, chain, rules: inside } of own) rules[table].set(chain, inside);
    for (const ip of localIps) hairpins.add(ip);
  }
  for (const ip of [...hairpins].sort())
    rules.nat.get('KUBE-HAIRPIN')?.push(`-s ${ip} -d ${ip} -j MASQUERADE --random-fully`);
  rules.nat.get('KUBE-SERVICES')?.push(...toNodePorts(facts));
  return rules;
}

type Chains = Map<string, string[]>;

function natBase(facts: NodeFacts): Chains {
  const mark = masqueradeMark(facts);
  return new Map([
    ['KUBE-SERVICES', []],
    ['KUBE-NODEPORTS', []],
    // Pods that reached themselves by a service: they would answer themselves directly, unlike they asked.
    ['KUBE-HAIRPIN', []],
    [
      'KUBE-POSTROUTING',
      [
        '-m conntrack --ctstate DNAT -j KUBE-HAIRPIN',
        `-m mark ! --mark ${mark}/${mark} -j RETURN`,
        `-j MARK --xor-mark ${mark}`,
        '-m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully',
      ],
    ],
    ['KUBE-MARK-MASQ', [`-j MARK --or-mark ${mark}`]],
  ]);
}

function filterBase(facts: NodeFacts): Chains {
  const mark = masqueradeMark(facts);
  return new Map([
    ['KUBE-SERVICES', []],
    ['KUBE-EXTERNAL-SERVICES', []],
    ['KUBE-NODEPORTS', []],
    ['KUBE-PROXY-FIREWALL', []],
    ['KUBE-FIREWALL', servesLoopback(facts) ? [loopbackGuard] : []],
    [
      'KUBE-FORWARD',
      [
        '-m conntrack --ctstate INVALID -j DROP',
        `-m comment --comment "kubernetes forwarding rules" -m mark --mark ${mark}/${mark} -j ACCEPT`,
        '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
      ],
    ],
  ]);
}

/** Serving node ports on loopback addresses lets the kernel route those: from outside nobody may use that. */
const loopbackGuard =
  '-m comment --comment "block incoming localnet connections" -d 127.0.0.0/8 ! -s 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP';

/** Whether node ports are served on 127.0.0.0/8; the kernel translates no loopback addresses of version 6. */
export function servesLoopback({
  family,
  nodePortAddresses,
  servesLoopbackNodePorts,
}: NodeFacts): boolean {
  if (family !== 4 || !servesLoopbackNodePorts) return false;
  return nodePortAddresses === 'all' || nodePortAddresses.some((ip) => ip.startsWith('127.'));
}

/** Node ports come last: most packets are not for them. */
function toNodePorts(facts: NodeFacts): readonly string[] {
  const { family, nodePortAddresses } = facts;
  const loopback = family === 4 ? '127.0.0.0/8' : '::1/128';
  const not = servesLoopback(facts) ? '' : `! -d ${loopback} `;
  const destinations =
    nodePortAddresses === 'all'
      ? [`${not}-m addrtype --dst-type LOCAL`]
      : nodePortAddresses.map((ip) => `-d ${ip}`);
  return destinations.map((to) => `${to} -j KUBE-NODEPORTS`);
}
