import type { NodeFacts, PodSource } from '../model/node-facts.js';

/** The family's word in rules. */
export function ipWord(family: NodeFacts['family']): 'ip' | 'ip6' {
  return family === 4 ? 'ip' : 'ip6';
}

/** The family's type of addresses. */
export function addressType(family: NodeFacts['family']): 'ipv4_addr' | 'ipv6_addr' {
  return family === 4 ? 'ipv4_addr' : 'ipv6_addr';
}

/** What a packet is for, as the maps of destinations have it: `10.96.0.10 . tcp . 80`. */
export function destinationWords(family: NodeFacts['family']): string {
  return `${ipWord(family)} daddr . meta l4proto . th dport`;
}

/** The same for what comes by a node port: `tcp . 30080`. */
export const nodePortWords = 'meta l4proto . th dport';

/** Matches what pods send, or what others do. */
export function podSourceMatch(
  source: PodSource,
  { family, isFromPods }: { readonly family: NodeFacts['family']; readonly isFromPods: boolean },
): string {
  const is = isFromPods ? '' : '!= ';
  if (source.by === 'cidr') return `${ipWord(family)} saddr ${is}${source.cidr}`;
  return `iifname ${is}"${source.name}${source.isPrefix ? '*' : ''}"`;
}
