import { type EntryRule, entry } from '../iptables/entry-rules.js';
import { podSourceMatch } from '../iptables/plan-port.js';
import type { IptablesRules } from '../iptables/tables.js';
import { masqueradeMark, type NodeFacts } from '../model/node-facts.js';
import { type IpSetName, ipSetName } from './ip-sets.js';

/** Where the built-in chains lead to ours. */
export const ipvsEntryRules: readonly [EntryRule, ...EntryRule[]] = [
  entry('nat', 'PREROUTING', 'KUBE-SERVICES'),
  entry('nat', 'OUTPUT', 'KUBE-SERVICES'),
  entry('nat', 'POSTROUTING', 'KUBE-POSTROUTING'),
  entry('filter', 'INPUT', 'KUBE-IPVS-FILTER'),
  entry('filter', 'INPUT', 'KUBE-PROXY-FIREWALL', true),
  entry('filter', 'FORWARD', 'KUBE-PROXY-FIREWALL', true),
  entry('filter', 'FORWARD', 'KUBE-FORWARD'),
];

/** Whether a chain is one of {@link ipvsRules}. */
export function isIpvsChain(name: string): boolean {
  return /^KUBE-(SERVICES|POSTROUTING|MARK-MASQ|LOAD-BALANCER|NODE-PORT|IPVS-FILTER|PROXY-FIREWALL|SOURCE-RANGES-FIREWALL|FORWARD)$/.test(
    name,
  );
}

/** Who is masqueraded and who is let in, by the sets. The rules are the same whatever services there are. */
export function ipvsRules(facts: NodeFacts): IptablesRules {
  return { nat: natChains(facts), filter: filterChains(facts) };
}

function natChains(facts: NodeFacts): ReadonlyMap<string, readonly string[]> {
  const mark = masqueradeMark(facts);
  const inSet = (set: IpSetName, by: string) => matchSet(set, by, facts);
  const nodePort = (protocol: string, set: IpSetName, by: string, to: string) =>
    `-p ${protocol} ${inSet(set, by)} -j ${to}`;
  return new Map([
    [
      'KUBE-SERVICES',
      [
        ...masqueradesClusterIps(facts),
        `${inSet('KUBE-EXTERNAL-IP', 'dst,dst')} -j KUBE-MARK-MASQ`,
        `${inSet('KUBE-LOAD-BALANCER', 'dst,dst')} -j KUBE-LOAD-BALANCER`,
        '-m addrtype --dst-type LOCAL -j KUBE-NODE-PORT',
      ],
    ],
    [
      'KUBE-LOAD-BALANCER',
      [`${inSet('KUBE-LOAD-BALANCER-LOCAL', 'dst,dst')} -j RETURN`, '-j KUBE-MARK-MASQ'],
    ],
    [
      'KUBE-NODE-PORT',
      [
        nodePort('tcp', 'KUBE-NODE-PORT-LOCAL-TCP', 'dst', 'RETURN'),
        nodePort('tcp', 'KUBE-NODE-PORT-TCP', 'dst', 'KUBE-MARK-MASQ'),
        nodePort('udp', 'KUBE-NODE-PORT-LOCAL-UDP', 'dst', 'RETURN'),
        nodePort('udp', 'KUBE-NODE-PORT-UDP', 'dst', 'KUBE-MARK-MASQ'),
        nodePort('sctp', 'KUBE-NODE-PORT-LOCAL-SCTP-HASH', 'dst,dst', 'RETURN'),
        nodePort('sctp', 'KUBE-NODE-PORT-SCTP-HASH', 'dst,dst', 'KUBE-MARK-MASQ'),
      ],
    ],
    [
      'KUBE-POSTROUTING',
      [
        `${inSet('KUBE-LOOP-BACK', 'dst,dst,src')} -j MASQUERADE`,
        `-m mark ! --mark ${mark}/${mark} -j RETURN`,
        `-j MARK --xor-mark ${mark}`,
        '-j MASQUERADE --random-fully',
      ],
    ],
    ['KUBE-MARK-MASQ', [`-j MARK --or-mark ${mark}`]],
  ]);
}

/** Who asks from the node may do it with the service's own address, which is the node's as well. */
function masqueradesClusterIps(facts: NodeFacts): readonly string[] {
  const to = matchSet('KUBE-CLUSTER-IP', 'dst,dst', facts);
  if (facts.masqueradesAll) return [`${to} -j KUBE-MARK-MASQ`];
  if (facts.podSource !== null)
    return [`${podSourceMatch(facts.podSource, false)} ${to} -j KUBE-MARK-MASQ`];
  return [`${matchSet('KUBE-CLUSTER-IP', 'src,dst', facts)} -j KUBE-MARK-MASQ`];
}

function filterChains(facts: NodeFacts): ReadonlyMap<string, readonly string[]> {
  const mark = masqueradeMark(facts);
  const inSet = (set: IpSetName, by: string) => matchSet(set, by, facts);
  const served: readonly IpSetName[] = [
    ...(['KUBE-CLUSTER-IP', 'KUBE-LOAD-BALANCER'] as const),
    ...(['KUBE-EXTERNAL-IP', 'KUBE-EXTERNAL-IP-LOCAL'] as const),
  ];
  return new Map([
    // The addresses of services are the node's as well: what of the node listens everywhere is not to be reached by them.
    [
      'KUBE-IPVS-FILTER',
      [
        ...served.map((set) => `${inSet(set, 'dst,dst')} -j RETURN`),
        `-m conntrack --ctstate NEW ${inSet('KUBE-IPVS-IPS', 'dst')} -j REJECT`,
      ],
    ],
    [
      'KUBE-PROXY-FIREWALL',
      [`${inSet('KUBE-LOAD-BALANCER-FW', 'dst,dst')} -j KUBE-SOURCE-RANGES-FIREWALL`],
    ],
    [
      'KUBE-SOURCE-RANGES-FIREWALL',
      [`${inSet('KUBE-LOAD-BALANCER-SOURCE-CIDR', 'dst,dst,src')} -j RETURN`, '-j DROP'],
    ],
    [
      'KUBE-FORWARD',
      [
        `-m mark --mark ${mark}/${mark} -j ACCEPT`,
        '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
      ],
    ],
  ]);
}

function matchSet(set: IpSetName, by: string, { family }: NodeFacts): string {
  return `-m set --match-set ${ipSetName(set, family)} ${by}`;
}
