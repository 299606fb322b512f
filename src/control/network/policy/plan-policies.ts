import { createHash } from 'node:crypto';
import type {
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from '../../api/gen/networking-v1.js';
import { type NftObject, type NftTable, nftTable } from '../../dataplane/nft-table.js';
import { formatCidr, parseCidr } from '../../machinery/ip-address.js';
import { labelMatcher, type PolicyPod } from './cluster-pods.js';

/** The table of network policies. */
export const policyTable = { family: 'inet', name: 'flotilla-policy' } as const;

type Direction = 'ingress' | 'egress';

/**
 * The rules that policies ask for on a node: a function of what the cluster holds. A pod that no policy selects for a direction is free
 * in it; one that some select may do what any of them allows. Policies hold at the pod's own node, where its packets have their true
 * addresses: after services are translated, before anything is masqueraded. The node itself reaches all its pods.
 */
export function planPolicies(
  policies: readonly NetworkPolicy[],
  pods: readonly PolicyPod[],
): NftTable {
  const plan = new PolicyPlan(pods);
  const sorted = [...policies].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const local = pods.filter(({ isLocal }) => isLocal);
  for (const direction of ['egress', 'ingress'] as const) {
    const selecting = new Map<PolicyPod, NetworkPolicy[]>(local.map((pod) => [pod, []]));
    for (const policy of sorted)
      for (const pod of isolatedBy(policy, local, direction)) selecting.get(pod)?.push(policy);
    for (const [pod, own] of selecting) if (own.length > 0) plan.isolate(pod, direction, own);
  }
  return plan.table();
}

function keyOf({ metadata }: NetworkPolicy): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function isolatedBy(
  { metadata, spec }: NetworkPolicy,
  pods: readonly PolicyPod[],
  direction: Direction,
): readonly PolicyPod[] {
  const types = spec?.policyTypes ?? ['Ingress', ...(spec?.egress === undefined ? [] : ['Egress'])];
  if (!types.includes(direction === 'ingress' ? 'Ingress' : 'Egress')) return [];
  const isSelected = labelMatcher(spec?.podSelector);
  return pods.filter(({ namespace, labels }) => {
    return namespace === metadata.namespace && isSelected(labels);
  });
}

const versions = [4, 6] as const;

class PolicyPlan {
  readonly #pods: readonly PolicyPod[];
  /** Chains of policies and sets of peers, each made once however many pods use it. */
  readonly #objects = new Map<string, NftObject>();
  readonly #isolated = new Map<string, Map<string, string>>();

  constructor(pods: readonly PolicyPod[]) {
    this.#pods = pods;
    for (const direction of ['egress', 'ingress'] as const) {
      for (const version of versions) this.#isolated.set(`${direction}-${version}`, new Map());
    }
  }

  isolate(pod: PolicyPod, direction: Direction, policies: readonly NetworkPolicy[]): void {
    const chain = `${direction}-${hash(policies.map(keyOf).join(' '))}`;
    if (!this.#objects.has(chain)) {
      const rules = policies.flatMap((policy) => this.#policyRules(policy, direction));
      this.#objects.set(chain, {
        ...{ kind: 'chain', name: chain, spec: '' },
        rules: [...new Set(rules), 'drop'],
      });
    }
    for (const { version, text } of pod.ips)
      this.#isolated.get(`${direction}-${version}`)?.set(text, `jump ${chain}`);
  }

  table(): NftTable {
    const maps = [...this.#isolated].map(([name, elements]): NftObject => {
      const spec = `type ${name.endsWith('4') ? 'ipv4_addr' : 'ipv6_addr'} : verdict;`;
      return { kind: 'map', name, spec, elements };
    });
    const egress = ['ip saddr vmap @egress-4', 'ip6 saddr vmap @egress-6'];
    const ingress = ['ip daddr vmap @ingress-4', 'ip6 daddr vmap @ingress-6'];
    // IPv6 finds its neighbours by ICMP: without it nothing works, and what it says is of no use to others.
    const neighbours =
      'icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, nd-router-advert } accept';
    const first = ['ct state established,related accept', neighbours];
    const hook = (name: string) => `type filter hook ${name} priority 0;`;
    return nftTable(policyTable, [
      ...maps,
      ...this.#objects.values(),
      {
        ...{ kind: 'chain', name: 'forward', spec: hook('forward') },
        rules: [...first, ...egress, ...ingress],
      },
      // To the node itself, where nobody but the sender has a policy.
      { kind: 'chain', name: 'input', spec: hook('input'), rules: [...first, ...egress] },
    ]);
  }

  /** Each rule lets something through. */
  #policyRules(policy: NetworkPolicy, direction: Direction): readonly string[] {
    const namespace = policy.metadata.namespace ?? '';
    if (direction === 'ingress')
      return (policy.spec?.ingress ?? []).flatMap(({ from = [], ports = [] }) =>
        this.#allow('saddr', from, ports, namespace),
      );
    return (policy.spec?.egress ?? []).flatMap(({ to = [], ports = [] }) =>
      this.#allow('daddr', to, ports, namespace),
    );
  }

  #allow(
    side: 'saddr' | 'daddr',
    peers: readonly NetworkPolicyPeer[],
    ports: readonly NetworkPolicyPort[],
    namespace: string,
  ): readonly string[] {
    const addresses =
      peers.length === 0 ? [''] : peers.flatMap((peer) => this.#peer(side, peer, namespace));
    const destinations = ports.length === 0 ? [''] : ports.flatMap((port) => this.#port(port));
    return addresses.flatMap((address) =>
      // No packet is of both versions, and the kernel refuses rules that ask for it.
      destinations
        .filter((destination) => areOfOneVersion(address, destination))
        .map((destination) =>
          [address, destination, 'return'].filter((part) => part !== '').join(' '),
        ),
    );
  }

  #peer(side: string, peer: NetworkPolicyPeer, namespace: string): readonly string[] {
    if (peer.ipBlock !== undefined) return blockMatch(side, peer.ipBlock);
    const { namespaceSelector, podSelector } = peer;
    const isNamespace = namespaceSelector === undefined ? null : labelMatcher(namespaceSelector);
    const hasLabels = labelMatcher(podSelector);
    const isSelected = (pod: PolicyPod) =>
      (isNamespace === null ? pod.namespace === namespace : isNamespace(pod.namespaceLabels)) &&
      hasLabels(pod.labels);
    const own = namespaceSelector === undefined ? namespace : '';
    const name = `pods-${hash(JSON.stringify([own, namespaceSelector ?? null, podSelector ?? null]))}`;
    this.#addressSets(name, isSelected);
    return versions.map((version) => `${ipWord(version)} ${side} @${name}-${version}`);
  }

  #addressSets(name: string, isSelected: (pod: PolicyPod) => boolean): void {
    if (this.#objects.has(`${name}-4`)) return;
    const selected = this.#pods.filter(isSelected);
    for (const version of versions) {
      const elements = new Map<string, string>();
      for (const ip of selected.flatMap(({ ips }) => ips))
        if (ip.version === version) elements.set(ip.text, '');
      const set = `${name}-${version}`;
      const spec = `type ${addressType(version)};`;
      this.#objects.set(set, { kind: 'set', name: set, spec, elements });
    }
  }

  #port({ protocol: written = 'TCP', port, endPort }: NetworkPolicyPort): readonly string[] {
    const protocol = written.toLowerCase();
    if (port === undefined) return [`meta l4proto ${protocol}`];
    if (typeof port === 'number')
      return [`${protocol} dport ${endPort === undefined ? port : `${port}-${endPort}`}`];
    return this.#namedPort(protocol, port);
  }

  /** A name is another number in every pod: destinations are told by address and port together. */
  #namedPort(protocol: string, portName: string): readonly string[] {
    const name = `port-${hash(`${protocol} ${portName}`)}`;
    return versions.map((version) => {
      const set = `${name}-${version}`;
      if (!this.#objects.has(set)) {
        const elements = new Map<string, string>();
        for (const { ips, namedPorts } of this.#pods) {
          const number = namedPorts.get(`${protocol} ${portName}`);
          if (number === undefined) continue;
          for (const ip of ips)
            if (ip.version === version) elements.set(`${ip.text} . ${protocol} . ${number}`, '');
        }
        const spec = `type ${addressType(version)} . inet_proto . inet_service;`;
        this.#objects.set(set, { kind: 'set', name: set, spec, elements });
      }
      return `${ipWord(version)} daddr . meta l4proto . th dport @${set}`;
    });
  }
}

function blockMatch(
  side: string,
  { cidr: text = '', except = [] }: NonNullable<NetworkPolicyPeer['ipBlock']>,
): readonly string[] {
  const cidr = parseCidr(text);
  if (cidr === null) return [];
  const ip = ipWord(cidr.address.version);
  const excepted = except.flatMap((each) => parseCidr(each) ?? []).map(formatCidr);
  const not = excepted.map((each) => ` ${ip} ${side} != ${each}`).join('');
  // All addresses is no match at all in nftables.
  const inside =
    cidr.prefixLength === 0
      ? `meta nfproto ${cidr.address.version === 4 ? 'ipv4' : 'ipv6'}`
      : `${ip} ${side} ${formatCidr(cidr)}`;
  return [`${inside}${not}`];
}

function areOfOneVersion(one: string, other: string): boolean {
  const versionOf = (match: string) => {
    if (/^(ip6 |meta nfproto ipv6)/.test(match)) return 6;
    return /^(ip |meta nfproto ipv4)/.test(match) ? 4 : null;
  };
  const [first, second] = [versionOf(one), versionOf(other)];
  return first === null || second === null || first === second;
}

function ipWord(version: 4 | 6): 'ip' | 'ip6' {
  return version === 4 ? 'ip' : 'ip6';
}

function addressType(version: 4 | 6): string {
  return version === 4 ? 'ipv4_addr' : 'ipv6_addr';
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
