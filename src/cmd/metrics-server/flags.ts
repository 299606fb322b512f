import { programFlags, usedFlags } from '../program/flag-rows.js';
import type { Flag } from '../program/flags.js';

const own = usedFlags([
  ['bind-address', 'string', '127.0.0.1', 'Address to listen on.'],
  ['secure-port', 'number', '4443', 'Port to serve on over HTTPS (0: a free one).'],
  ['metric-resolution', 'duration', '15s', 'How often kubelets are read, 1s or more.'],
  ['kubelet-request-timeout', 'duration', '10s', 'How long one is waited for.'],
  [
    'kubelet-preferred-address-types',
    'list',
    'Hostname,InternalDNS,InternalIP,ExternalDNS,ExternalIP',
    "Which of a node's addresses is asked, the best first.",
  ],
  [
    'kubelet-use-node-status-port',
    'boolean',
    'true',
    'Ask at the port that the node names, not at --kubelet-port.',
  ],
  ['kubelet-port', 'number', '10250', 'Port of all kubelets, otherwise.'],
  ['kubelet-certificate-authority', 'string', '', "Who signs kubelets' certificates (PEM)."],
  ['kubelet-insecure-tls', 'boolean', 'false', 'Take any certificate of a kubelet.'],
  [
    'kubelet-client-certificate',
    'string',
    '',
    'Who to be at kubelets (default: as at the API server).',
  ],
  ['kubelet-client-key', 'string', '', 'Its key.'],
  [
    'requestheader-client-ca-file',
    'string',
    '',
    'Who signs the certificate of the API server (default: what it publishes, with its names and headers).',
  ],
  ['authentication-skip-lookup', 'boolean', 'false', 'Do not look up what it publishes.'],
  [
    'requestheader-allowed-names',
    'list',
    '',
    'Names that this certificate may have (default: any).',
  ],
  ['requestheader-username-headers', 'list', 'X-Remote-User', 'Where it says who asks.'],
  ['requestheader-uid-headers', 'list', 'X-Remote-Uid', "Where it says that user's uid."],
  ['requestheader-group-headers', 'list', 'X-Remote-Group', "Where it says the user's groups."],
  [
    'requestheader-extra-headers-prefix',
    'list',
    'X-Remote-Extra-',
    'What headers with more of the user begin with.',
  ],
  ['client-ca-file', 'string', '', 'Who signs the certificates of those who ask directly.'],
  [
    'advertise-address',
    'string',
    '',
    'IP address at which the API server finds this one (default: --bind-address).',
  ],
  [
    'register',
    'boolean',
    'true',
    'Make the APIService and the Service by which the API server finds this one.',
  ],
]);

const replaced = new Set(own.map(({ name }) => name));

/** Flags of `flotilla metrics-server`. */
export const metricsServerFlags: readonly Flag[] = [
  ...own,
  ...programFlags({ securePort: 0 }).filter(({ name }) => !replaced.has(name)),
];
