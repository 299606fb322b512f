/**
 * Every flag of `flotilla store`: etcd's own names and defaults (3.4 to 3.6), so that a unit file or a script written
 * for etcd starts it unchanged.
 */

/** How a value is read. Booleans take `--flag`, `--flag=true` and `--flag=false`, as etcd's do. */
export type FlagKind = 'string' | 'boolean' | 'number' | 'duration' | 'urls';

/**
 * What a flag does here: `used`; `ignored` (it has no meaning in this design: accepted with a warning); `refused` (it
 * would change what is promised and is not built: setting it is an error).
 */
export type FlagEffect = 'used' | 'ignored' | 'refused';

/** One flag. */
export interface Flag {
  readonly name: string;
  readonly kind: FlagKind;
  readonly value: string;
  readonly effect: FlagEffect;
  /** For `used`: what it does. For the others: why not. */
  readonly help: string;
}

const used = (name: string, kind: FlagKind, value: string, help: string): Flag => ({
  name,
  kind,
  value,
  effect: 'used',
  help,
});

/** Names with their kind where it is not a string. */
const ignored = (help: string, names: Readonly<Record<string, FlagKind>>): Flag[] =>
  Object.entries(names).map(([name, kind]) => ({ name, kind, value: '', effect: 'ignored', help }));

const refused = (help: string, names: Readonly<Record<string, FlagKind>>): Flag[] =>
  Object.entries(names).map(([name, kind]) => ({ name, kind, value: '', effect: 'refused', help }));

/** Of flags that etcd 3.5 warns about, who used them with etcd may look for the same words. */
export const deprecatedFlags: ReadonlySet<string> = new Set([
  'enable-v2',
  'experimental-enable-v2v3',
  'proxy',
  'proxy-dial-timeout',
  'proxy-failure-wait',
  'proxy-read-timeout',
  'proxy-refresh-interval',
  'proxy-write-timeout',
]);

/** All flags, those that are used first. */
export const storeFlags: readonly Flag[] = [
  used('name', 'string', 'default', 'Human-readable name of this member.'),
  used('data-dir', 'string', '', 'Folder of this member (default: NAME.etcd).'),
  used(
    'wal-dir',
    'string',
    '',
    'Folder of the write-ahead log, when it is to be apart from the data.',
  ),
  used('listen-client-urls', 'urls', 'http://localhost:2379', 'URLs to serve clients on.'),
  used(
    'advertise-client-urls',
    'urls',
    'http://localhost:2379',
    'Client URLs to tell the cluster.',
  ),
  used('listen-peer-urls', 'urls', 'http://localhost:2380', 'URLs to serve peers on.'),
  used(
    'initial-advertise-peer-urls',
    'urls',
    'http://localhost:2380',
    'Peer URLs to tell the cluster.',
  ),
  used(
    'initial-cluster',
    'string',
    '',
    'Members at the start: name=url,name=url (default: this member alone).',
  ),
  used(
    'initial-cluster-state',
    'string',
    'new',
    'new: the members start together; existing: join a running cluster.',
  ),
  used(
    'initial-cluster-token',
    'string',
    'etcd-cluster',
    'Keeps clusters with the same URLs apart.',
  ),
  used(
    'listen-metrics-urls',
    'urls',
    '',
    'More URLs to serve /metrics and the health checks on; they are on --listen-client-urls too.',
  ),
  used(
    'listen-client-http-urls',
    'urls',
    '',
    'URLs to serve HTTP on, which --listen-client-urls then does not: gRPC alone is there.',
  ),
  used('enable-grpc-gateway', 'boolean', 'true', 'Serve the API as JSON too, under /v3/.'),
  used(
    'cors',
    'string',
    '*',
    'Origins whose pages may use the API by HTTP, between commas (*: any).',
  ),
  used(
    'host-whitelist',
    'string',
    '*',
    'Host names that HTTP without TLS is answered under, between commas (*: any).',
  ),
  used('metrics', 'string', 'basic', 'basic; extensive: with the time that calls take.'),
  used(
    'force-new-cluster',
    'boolean',
    'false',
    'Goes on as the only member, when all others are lost for good; once, and not to be left in place.',
  ),
  used('heartbeat-interval', 'number', '100', 'Milliseconds between heartbeats.'),
  used(
    'election-timeout',
    'number',
    '1000',
    'Milliseconds without a leader before an election, at least 5 heartbeats.',
  ),
  used(
    'pre-vote',
    'boolean',
    'true',
    'Ask whether an election could be won before raising the term.',
  ),
  used('snapshot-count', 'number', '10000', 'Applied entries after which the log is cut.'),
  used(
    'quota-backend-bytes',
    'number',
    '0',
    'Bytes of data at which writes are refused (0: 2 GiB).',
  ),
  used('max-request-bytes', 'number', '1572864', 'Largest request, in bytes.'),
  used('max-txn-ops', 'number', '128', 'Most operations in a transaction.'),
  used('auto-compaction-mode', 'string', 'periodic', 'periodic or revision.'),
  used(
    'auto-compaction-retention',
    'string',
    '0',
    'History to keep: a duration (periodic; a plain number means hours) or a count of revisions. 0: keep all.',
  ),
  used(
    'strict-reconfig-check',
    'boolean',
    'true',
    'Refuse membership changes that would cost the quorum.',
  ),
  used(
    'grpc-keepalive-min-time',
    'duration',
    '5s',
    'Least interval between pings of a client with calls under way; others are sent away (0s: any).',
  ),
  used(
    'grpc-keepalive-interval',
    'duration',
    '2h',
    'Interval of pings to an idle client (0s: none).',
  ),
  used(
    'grpc-keepalive-timeout',
    'duration',
    '20s',
    'Wait for the answer to a ping before the connection is closed.',
  ),
  used('max-concurrent-streams', 'number', '4294967295', 'Most streams of one client connection.'),
  used(
    'watch-progress-notify-interval',
    'duration',
    '10m',
    'Interval of progress notifications of watches that ask for them.',
  ),
  used(
    'experimental-watch-progress-notify-interval',
    'duration',
    '10m',
    'Older name of watch-progress-notify-interval.',
  ),
  used(
    'auth-token',
    'string',
    'simple',
    'Tokens of users: simple, or jwt,pub-key=FILE,priv-key=FILE,sign-method=METHOD,ttl=DURATION.',
  ),
  used('auth-token-ttl', 'number', '300', 'Seconds that a simple token is good for unused.'),
  used('bcrypt-cost', 'number', '10', 'Cost of hashing a password, 4 to 31: each twice as long.'),
  used('cert-file', 'string', '', 'Certificate for clients (PEM).'),
  used('key-file', 'string', '', 'Key for clients (PEM).'),
  used('trusted-ca-file', 'string', '', 'CA of client certificates (PEM).'),
  used('client-cert-auth', 'boolean', 'false', 'Require client certificates.'),
  used('peer-cert-file', 'string', '', 'Certificate for peers (PEM).'),
  used('peer-key-file', 'string', '', 'Key for peers (PEM).'),
  used('peer-trusted-ca-file', 'string', '', 'CA of peer certificates (PEM).'),
  used('peer-client-cert-auth', 'boolean', 'false', 'Require peer certificates.'),
  used(
    'auto-tls',
    'boolean',
    'false',
    'Serve clients with a certificate of its own making, where none is given.',
  ),
  used('peer-auto-tls', 'boolean', 'false', 'The same for peers, who then do not verify it.'),
  used(
    'self-signed-cert-validity',
    'number',
    '1',
    'Years for which certificates of its own making are good.',
  ),
  used(
    'peer-client-cert-file',
    'string',
    '',
    'Certificate to show peers that are connected to, when it is another.',
  ),
  used('peer-client-key-file', 'string', '', 'Its key.'),
  used('client-crl-file', 'string', '', 'Revoked client certificates (PEM or DER).'),
  used('peer-crl-file', 'string', '', 'Revoked peer certificates (PEM or DER).'),
  used(
    'client-cert-allowed-hostname',
    'string',
    '',
    'Host names of which client certificates must be good for one.',
  ),
  used(
    'peer-cert-allowed-cn',
    'string',
    '',
    'Common names of which peer certificates must have one.',
  ),
  used(
    'peer-cert-allowed-hostname',
    'string',
    '',
    'Host names of which peer certificates must be good for one.',
  ),
  used('tls-min-version', 'string', 'TLS1.2', 'TLS1.2 or TLS1.3.'),
  used('tls-max-version', 'string', '', 'TLS1.2 or TLS1.3 (default: the newest).'),
  used('cipher-suites', 'string', '', 'Cipher suites of TLS 1.2, by their IANA names.'),
  used(
    'config-file',
    'string',
    '',
    'Settings as YAML, in place of all flags and environment variables.',
  ),
  used(
    'rpc-engine',
    'string',
    'http2',
    'Who carries gRPC: http2 (our own layer) or grpc-js (the reference engine).',
  ),
  used('log-level', 'string', 'info', 'debug, info, warn, error, panic or fatal.'),
  used('log-format', 'string', 'json', 'json or text (console).'),
  used('log-outputs', 'string', 'default', 'stderr, stdout or default (stderr).'),
  ...ignored('the log is not bounded this way', {
    'max-snapshots': 'number',
    'max-wals': 'number',
    'experimental-snapshot-catchup-entries': 'number',
    'snapshot-catchup-entries': 'number',
  }),
  ...ignored('the database is LevelDB, not bbolt', {
    'backend-batch-interval': 'string',
    'backend-batch-limit': 'number',
    'backend-bbolt-freelist-type': 'string',
    'bootstrap-defrag-threshold-megabytes': 'number',
    'experimental-bootstrap-defrag-threshold-megabytes': 'number',
    'experimental-stop-grpc-service-on-defrag': 'boolean',
    'experimental-txn-mode-write-with-shared-buffer': 'boolean',
    'memory-mlock': 'boolean',
    'experimental-memory-mlock': 'boolean',
    'compaction-batch-limit': 'number',
    'compaction-sleep-interval': 'duration',
    'experimental-compaction-batch-limit': 'number',
    'experimental-compaction-sleep-interval': 'duration',
  }),
  ...ignored('there is no v2 API', {
    'enable-v2': 'boolean',
    'experimental-enable-v2v3': 'string',
    'v2-deprecation': 'string',
    proxy: 'string',
    'proxy-dial-timeout': 'number',
    'proxy-failure-wait': 'number',
    'proxy-read-timeout': 'number',
    'proxy-refresh-interval': 'number',
    'proxy-write-timeout': 'number',
  }),
  ...ignored('leases are checkpointed always', {
    'experimental-enable-lease-checkpoint': 'boolean',
    'experimental-enable-lease-checkpoint-persist': 'boolean',
  }),
  ...ignored('not built yet', {
    'enable-pprof': 'boolean',
    'compact-hash-check-enabled': 'boolean',
    'compact-hash-check-time': 'duration',
    'corrupt-check-time': 'duration',
    'initial-corrupt-check': 'boolean',
    'feature-gates': 'string',
    'max-learners': 'number',
    'experimental-max-learners': 'number',
    'experimental-compact-hash-check-enabled': 'boolean',
    'experimental-compact-hash-check-time': 'duration',
    'experimental-corrupt-check-time': 'duration',
    'experimental-initial-corrupt-check': 'boolean',
    'experimental-downgrade-check-time': 'duration',
    'downgrade-check-time': 'duration',
    'enable-distributed-tracing': 'boolean',
    'distributed-tracing-address': 'string',
    'distributed-tracing-instance-id': 'string',
    'distributed-tracing-sampling-rate': 'number',
    'distributed-tracing-service-name': 'string',
    'experimental-enable-distributed-tracing': 'boolean',
    'experimental-distributed-tracing-address': 'string',
    'experimental-distributed-tracing-instance-id': 'string',
    'experimental-distributed-tracing-sampling-rate': 'number',
    'experimental-distributed-tracing-service-name': 'string',
    'warning-apply-duration': 'duration',
    'experimental-warning-apply-duration': 'duration',
    'warning-unary-request-duration': 'duration',
    'experimental-warning-unary-request-duration': 'duration',
  }),
  ...ignored('the addresses that certificates of peers name are never compared with theirs', {
    'experimental-peer-skip-client-san-verification': 'boolean',
    'peer-skip-client-san-verification': 'boolean',
  }),
  ...ignored('the host decides this', {
    'initial-election-tick-advance': 'boolean',
    'socket-reuse-address': 'boolean',
    'socket-reuse-port': 'boolean',
    'raft-read-timeout': 'duration',
    'raft-write-timeout': 'duration',
    'enable-log-rotation': 'boolean',
    'log-rotation-config-json': 'string',
    logger: 'string',
    'discovery-fallback': 'string',
    'client-cert-file': 'string',
    'client-key-file': 'string',
  }),
  ...refused('discovery is not built: name the members with --initial-cluster', {
    discovery: 'string',
    'discovery-proxy': 'string',
    'discovery-srv': 'string',
    'discovery-srv-name': 'string',
  }),
  ...refused('every acknowledged write is synced; there is no mode without', {
    'unsafe-no-fsync': 'boolean',
  }),
];
