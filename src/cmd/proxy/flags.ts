import { ignoredFlags, programFlags, usedFlags } from '../program/flag-rows.js';
import type { Flag } from '../program/flags.js';

/** Of the programs that serve over HTTPS; a proxy serves its health in the clear, as load balancers ask for it. */
const servingFlags: ReadonlySet<string> = new Set([
  ...['secure-port', 'cert-dir', 'tls-cert-file', 'tls-private-key-file'],
]);

/** Flags of `flotilla proxy`. */
export const proxyFlags: readonly Flag[] = [
  ...usedFlags([
    ['config', 'string', '', 'A KubeProxyConfiguration (YAML or JSON); flags that are given win.'],
    [
      'proxy-mode',
      'string',
      '',
      'nftables, iptables, ipvs or userspace (default: nftables as root, else userspace).',
    ],
    ['hostname-override', 'string', '', 'Name of the Node (default: the host name).'],
    ['cluster-cidr', 'list', '', 'Where pods have their addresses, one CIDR a family.'],
    [
      'nodeport-addresses',
      'list',
      '',
      'Addresses that serve node ports, as CIDRs, or `primary` for those of the Node (default: primary in mode nftables, else all).',
    ],
    [
      'detect-local-mode',
      'string',
      'ClusterCIDR',
      'How pods are told from others: ClusterCIDR, NodeCIDR, BridgeInterface or InterfaceNamePrefix.',
    ],
    ['pod-bridge-interface', 'string', '', 'The bridge of pods, for BridgeInterface.'],
    [
      'pod-interface-name-prefix',
      'string',
      '',
      'How interfaces of pods begin, for InterfaceNamePrefix.',
    ],
    [
      'iptables-localhost-nodeports',
      'boolean',
      'true',
      'In mode iptables, node ports are served on 127.0.0.0/8 too.',
    ],
    ['masquerade-all', 'boolean', 'false', 'Everything to cluster IPs leaves as from the node.'],
    ['iptables-masquerade-bit', 'number', '14', 'Bit of the packet mark that asks for that.'],
    ['sync-period', 'duration', '30s', 'How often the rules are looked after without changes.'],
    ['min-sync-period', 'duration', '1s', 'How often the rules are changed at most.'],
    ['iptables-sync-period', 'duration', '30s', '--sync-period in mode iptables.'],
    ['iptables-min-sync-period', 'duration', '1s', '--min-sync-period in mode iptables.'],
    ['ipvs-sync-period', 'duration', '30s', '--sync-period in mode ipvs.'],
    ['ipvs-min-sync-period', 'duration', '1s', '--min-sync-period in mode ipvs.'],
    [
      'ipvs-scheduler',
      'string',
      'rr',
      'How mode ipvs chooses an endpoint: rr, lc, dh, sh, sed, nq ...',
    ],
    ['ipvs-strict-arp', 'boolean', 'false', "Services' addresses are not told to other machines."],
    ['ipvs-exclude-cidrs', 'list', '', "Where virtual servers are others', and stay."],
    ['ipvs-tcp-timeout', 'duration', '0s', 'Of idle connections (0: as it is).'],
    ['ipvs-tcpfin-timeout', 'duration', '0s', 'Of connections that end (0: as it is).'],
    ['ipvs-udp-timeout', 'duration', '0s', 'Of UDP (0: as it is).'],
    [
      'nftables-balance',
      'string',
      'random',
      'How nftables chooses an endpoint: random or round-robin. Not a flag of kube-proxy.',
    ],
    [
      'udp-timeout',
      'duration',
      '30s',
      'In mode userspace, how long a client and an endpoint may be silent by UDP.',
    ],
    ['conntrack-max-per-core', 'integer', '32768', 'Connections to track a core (0: as it is).'],
    ['conntrack-min', 'integer', '131072', 'Connections to track at least.'],
    [
      'conntrack-tcp-timeout-established',
      'duration',
      '24h0m0s',
      'Of idle connections (0: as it is).',
    ],
    [
      'conntrack-tcp-timeout-close-wait',
      'duration',
      '1h0m0s',
      'Of half-closed ones (0: as it is).',
    ],
    ['conntrack-tcp-be-liberal', 'boolean', 'false', 'Take segments outside the window.'],
    ['conntrack-udp-timeout', 'duration', '0s', 'Of UDP without an answer (0: as it is).'],
    ['conntrack-udp-timeout-stream', 'duration', '0s', 'Of UDP with answers (0: as it is).'],
    ['healthz-bind-address', 'string', '0.0.0.0:10256', 'Address of /healthz and /livez.'],
    ['metrics-bind-address', 'string', '127.0.0.1:10249', 'Address of /metrics and /proxyMode.'],
    [
      'pod-network',
      'boolean',
      'false',
      'Keeps also the routes to pods of other nodes and the rules of network policies. Not a flag of kube-proxy.',
    ],
    [
      'init-only',
      'boolean',
      'false',
      "Sets the kernel's connection tracking as the flags say, and ends.",
    ],
    [
      'write-config-to',
      'string',
      '',
      'Writes what the flags say as a configuration file, and ends.',
    ],
    ['cleanup', 'boolean', 'false', 'Takes all rules of every mode back, and ends.'],
  ]),
  ...programFlags({ securePort: 0 }).filter(({ name }) => !servingFlags.has(name)),
  ...ignoredFlags({
    'the host decides this': { 'oom-score-adj': 'integer', 'config-sync-period': 'duration' },
    'an address that is taken ends the program': { 'bind-address-hard-fail': 'boolean' },
  }).filter(({ name }) => name !== 'master'),
];
