import { ignoredFlags } from './ignored-flags.js';

/**
 * Every flag of `flotilla apiserver`: kube-apiserver's own names and defaults (1.36), so that a unit file or a manifest written for
 * it starts this one.
 */

/** How a value is read. Booleans take `--flag` and `--flag=false`; lists take commas and may be repeated. */
export type FlagKind = 'string' | 'boolean' | 'number' | 'duration' | 'list';

/** One flag. */
export interface Flag {
  readonly name: string;
  readonly kind: FlagKind;
  readonly value: string;
  /** `ignored`: it has no meaning in this design; it is accepted, and named in one warning. */
  readonly effect: 'used' | 'ignored';
  /** For `used`: what it does. For the others: why not. */
  readonly help: string;
}

type Entry = readonly [name: string, kind: FlagKind, value: string, help: string];

const usedFlags: readonly Entry[] = [
  [
    'etcd-servers',
    'list',
    '',
    'URLs of the store (scheme://address:port), comma-separated. Required.',
  ],
  ['etcd-prefix', 'string', '/registry', 'What all keys in the store begin with.'],
  ['etcd-cafile', 'string', '', "CA of the store's certificates (PEM)."],
  ['etcd-certfile', 'string', '', 'Client certificate for the store (PEM).'],
  ['etcd-keyfile', 'string', '', 'Key of the client certificate for the store (PEM).'],
  [
    'etcd-compaction-interval',
    'duration',
    '5m0s',
    'Between compactions of the store (0s: somebody else compacts it).',
  ],
  ['secure-port', 'number', '6443', 'Port to serve HTTPS on.'],
  ['bind-address', 'string', '0.0.0.0', 'Address to listen on.'],
  [
    'advertise-address',
    'string',
    '',
    'Address that the kubernetes Service leads to (default: bind-address, or the first of this machine).',
  ],
  ['external-hostname', 'string', '', 'Host name to publish in documents that name this server.'],
  [
    'cert-dir',
    'string',
    '/var/run/kubernetes',
    'Folder for a certificate that is made when none is given.',
  ],
  [
    'tls-cert-file',
    'string',
    '',
    'Certificate for HTTPS (PEM), followed by those that lead to a root.',
  ],
  ['tls-private-key-file', 'string', '', 'Key of the certificate (PEM).'],
  ['tls-min-version', 'string', 'VersionTLS12', 'VersionTLS12 or VersionTLS13.'],
  ['tls-cipher-suites', 'list', '', 'Cipher suites of TLS 1.2, by their IANA names.'],
  [
    'tls-sni-cert-key',
    'list',
    '',
    'certfile,keyfile[:names] for clients that ask for other names.',
  ],
  [
    'client-ca-file',
    'string',
    '',
    'CA of client certificates (PEM): common name is the user, organizations the groups.',
  ],
  ['token-auth-file', 'string', '', 'CSV of tokens: token,user,uid,"groups".'],
  [
    'anonymous-auth',
    'boolean',
    'false',
    'Let requests without credentials in as system:anonymous. Health is always open.',
  ],
  [
    'authorization-mode',
    'list',
    'AlwaysAllow',
    'Who decides, in order: Node, RBAC, ABAC, Webhook, AlwaysAllow, AlwaysDeny.',
  ],
  [
    'authorization-always-allow-paths',
    'list',
    '/healthz,/readyz,/livez',
    'Paths that need no authorization; * at the end stands for anything.',
  ],
  ['authorization-policy-file', 'string', '', 'Policy of mode ABAC: a JSON object a line.'],
  [
    'authorization-webhook-config-file',
    'string',
    '',
    'kubeconfig of the server that mode Webhook asks.',
  ],
  [
    'authorization-webhook-version',
    'string',
    'v1beta1',
    'Version of the reviews it is sent: v1 or v1beta1.',
  ],
  [
    'authorization-webhook-cache-authorized-ttl',
    'duration',
    '5m0s',
    'How long what it allows is remembered.',
  ],
  [
    'authorization-webhook-cache-unauthorized-ttl',
    'duration',
    '30s',
    'How long what it does not allow is remembered.',
  ],
  [
    'authentication-token-webhook-config-file',
    'string',
    '',
    'kubeconfig of a server that is asked about tokens.',
  ],
  [
    'authentication-token-webhook-version',
    'string',
    'v1beta1',
    'Version of the reviews it is sent: v1 or v1beta1.',
  ],
  [
    'authentication-token-webhook-cache-ttl',
    'duration',
    '2m0s',
    'How long a token that it knows is remembered.',
  ],
  [
    'enable-admission-plugins',
    'list',
    '',
    'Admission plugins to enable besides those that are on by default.',
  ],
  ['disable-admission-plugins', 'list', '', 'Admission plugins to disable.'],
  ['admission-control-config-file', 'string', '', 'Configuration of admission plugins (YAML).'],
  [
    'service-cluster-ip-range',
    'list',
    '10.0.0.0/24',
    'Networks that Services get their addresses from: one, or one of each family.',
  ],
  ['service-node-port-range', 'string', '30000-32767', 'Ports that Services get on nodes.'],
  [
    'service-account-issuer',
    'list',
    'https://kubernetes.default.svc',
    'Issuer of service account tokens; further ones are accepted too.',
  ],
  [
    'service-account-key-file',
    'list',
    '',
    'Keys that service account tokens are verified with (PEM).',
  ],
  [
    'service-account-signing-key-file',
    'string',
    '',
    'Key that service account tokens are signed with (PEM).',
  ],
  [
    'service-account-jwks-uri',
    'string',
    '',
    'Where others find the keys of tokens, when not here.',
  ],
  ['service-account-lookup', 'boolean', 'true', 'Refuse tokens whose Secret is gone.'],
  [
    'service-account-max-token-expiration',
    'duration',
    '0s',
    'Longest life of a token (0s: no bound).',
  ],
  [
    'service-account-extend-token-expiration',
    'boolean',
    'true',
    'Let the tokens of pods live on while clients change over.',
  ],
  ['api-audiences', 'list', '', 'Audiences of this server (default: the issuer).'],
  [
    'enable-bootstrap-token-auth',
    'boolean',
    'false',
    'Accept bootstrap tokens of Secrets in kube-system.',
  ],
  [
    'requestheader-client-ca-file',
    'string',
    '',
    'CA of proxies that say in headers who asks (PEM).',
  ],
  [
    'requestheader-allowed-names',
    'list',
    '',
    'Common names of such proxies (default: any that the CA signed).',
  ],
  ['requestheader-username-headers', 'list', '', 'Headers with the user name.'],
  ['requestheader-uid-headers', 'list', '', 'Headers with the user id.'],
  ['requestheader-group-headers', 'list', '', 'Headers with the groups.'],
  [
    'requestheader-extra-headers-prefix',
    'list',
    '',
    'What headers with more about the user begin with.',
  ],
  [
    'proxy-client-cert-file',
    'string',
    '',
    'Client certificate for aggregated servers and webhooks (PEM).',
  ],
  ['proxy-client-key-file', 'string', '', 'Its key (PEM).'],
  ['kubelet-client-certificate', 'string', '', 'Client certificate for kubelets (PEM).'],
  ['kubelet-client-key', 'string', '', 'Its key (PEM).'],
  ['kubelet-certificate-authority', 'string', '', "CA of kubelets' certificates (PEM)."],
  [
    'kubelet-preferred-address-types',
    'list',
    'Hostname,InternalDNS,InternalIP,ExternalDNS,ExternalIP',
    "Which of a node's addresses to try, in order.",
  ],
  ['oidc-issuer-url', 'string', '', 'OpenID Connect issuer (https).'],
  ['oidc-client-id', 'string', '', 'Client id that its tokens must be for.'],
  ['oidc-ca-file', 'string', '', "CA of the issuer's certificate (PEM)."],
  ['oidc-username-claim', 'string', 'sub', 'Claim with the user name.'],
  ['oidc-username-prefix', 'string', '', 'Put before user names; - for none.'],
  ['oidc-groups-claim', 'string', '', 'Claim with the groups.'],
  ['oidc-groups-prefix', 'string', '', 'Put before groups.'],
  ['oidc-required-claim', 'list', '', 'key=value that tokens must have.'],
  ['oidc-signing-algs', 'list', 'RS256', 'Signature algorithms.'],
  ['encryption-provider-config', 'string', '', 'How objects are encrypted in the store (YAML).'],
  ['audit-policy-file', 'string', '', 'What the audit log has of which requests (YAML).'],
  ['audit-log-path', 'string', '', 'File of the audit log; - for standard output.'],
  ['audit-log-format', 'string', 'json', 'json or legacy.'],
  ['audit-log-maxage', 'number', '0', 'Days that old audit logs are kept.'],
  ['audit-log-maxbackup', 'number', '0', 'Old audit logs that are kept.'],
  ['audit-log-maxsize', 'number', '0', 'Megabytes after which the audit log is rotated.'],
  ['runtime-config', 'list', '', 'API versions to serve or not: batch/v1=true, api/beta=true.'],
  ['event-ttl', 'duration', '1h0m0s', 'How long events are kept.'],
  ['request-timeout', 'duration', '1m0s', 'How long a request may take.'],
  [
    'min-request-timeout',
    'number',
    '1800',
    'Seconds that a watch lasts at least when the client does not say.',
  ],
  ['max-requests-inflight', 'number', '400', 'Reading requests at a time.'],
  ['max-mutating-requests-inflight', 'number', '200', 'Writing requests at a time.'],
  [
    'enable-priority-and-fairness',
    'boolean',
    'true',
    'Have requests take turns as FlowSchemas and PriorityLevelConfigurations say, in the sum of both bounds.',
  ],
  [
    'shutdown-delay-duration',
    'duration',
    '0s',
    'How long requests are still taken after a signal to stop.',
  ],
  ['allow-privileged', 'boolean', 'true', 'Allow privileged containers.'],
  ['profiling', 'boolean', 'true', 'Serve CPU profiles at /debug/pprof/profile.'],
  [
    'endpoint-reconciler-type',
    'string',
    'lease',
    'lease or none: who keeps the endpoints of the kubernetes Service.',
  ],
  ['watch-cache', 'boolean', 'true', 'Serve reads from memory.'],
  ['log-level', 'string', 'info', 'debug, info, warn or error (not a flag of kube-apiserver).'],
  ['logging-format', 'string', 'json', 'json or text.'],
];

/** All flags, those that are used first. */
export const apiserverFlags: readonly Flag[] = [
  ...usedFlags.map(
    ([name, kind, value, help]): Flag => ({ name, kind, value, help, effect: 'used' }),
  ),
  ...Object.entries(ignoredFlags).flatMap(([help, names]) =>
    Object.entries(names).map(
      ([name, kind]): Flag => ({ name, kind, value: '', help, effect: 'ignored' }),
    ),
  ),
];
