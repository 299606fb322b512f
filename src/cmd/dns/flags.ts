import { programFlags, usedFlags } from '../program/flag-rows.js';
import type { Flag } from '../program/flags.js';

/** Flags of `flotilla dns`. */
export const dnsFlags: readonly Flag[] = [
  ...usedFlags([
    ['dns-bind-address', 'string', '127.0.0.1', 'Address to answer questions on, by UDP and TCP.'],
    ['dns-port', 'number', '53', 'Port to answer questions on (0: a free one).'],
    ['cluster-domain', 'string', 'cluster.local', 'The zone of the cluster.'],
    [
      'pod-names',
      'string',
      'insecure',
      'Names of pods such as 10-0-0-1.default.pod: insecure (any address), verified (of pods that there are) or disabled.',
    ],
    ['ttl', 'number', '5', 'Seconds that answers about the cluster may be kept.'],
    [
      'upstream',
      'list',
      '',
      'Name servers for everything else, as ADDRESS or ADDRESS:PORT (default: those of --resolv-conf; `none`: nobody).',
    ],
    ['resolv-conf', 'string', '/etc/resolv.conf', 'Where other name servers are looked up.'],
    ['upstream-timeout', 'duration', '2s', 'How long another name server is waited for.'],
    [
      'service-cluster-ip',
      'string',
      '',
      'Address of the Service kube-system/kube-dns; with it the Service is made, with this server behind it.',
    ],
  ]),
  ...programFlags({ securePort: 10254 }),
];
