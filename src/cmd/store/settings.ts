import type { LogLevel } from '../../base/logger.js';
import type { LogFormat } from '../../host/log-sink.js';
import { isTlsUrl } from '../../raft/transport/index.js';
import {
  type AutoCompactionPolicy,
  defaultLimits,
  type HttpAccess,
  InitialClusterError,
  type MemberLimits,
  parseInitialCluster,
  parseMemberUrls,
  UrlError,
} from '../../store/index.js';
import { parseDurationMs } from '../flag-duration.js';
import { UsageError } from '../usage-error.js';
import { type AuthFlags, authFlags } from './auth-flags.js';
import { deprecatedFlags, storeFlags } from './flags.js';
import type { ParsedFlags } from './parse.js';
import { type TlsSettings, tlsSettings } from './tls-settings.js';

/** A member's settings, checked. */
export interface StoreSettings {
  readonly name: string;
  readonly dataDir: string;
  readonly walDir: string;
  readonly listenClientUrls: readonly string[];
  readonly advertiseClientUrls: readonly string[];
  /** Where metrics and health checks are served beside the client URLs. */
  readonly listenMetricsUrls: readonly string[];
  readonly metrics: 'basic' | 'extensive';
  /** Where HTTP is served, and nowhere else; empty: on the client URLs too. */
  readonly listenClientHttpUrls: readonly string[];
  readonly httpAccess: HttpAccess;
  readonly hasGateway: boolean;
  readonly listenPeerUrls: readonly string[];
  readonly advertisePeerUrls: readonly string[];
  /** Peer URLs by member name. */
  readonly initialCluster: ReadonlyMap<string, readonly string[]>;
  readonly initialState: 'new' | 'existing';
  readonly clusterToken: string;
  /** Goes on as the only member of the cluster that the data directory belongs to. */
  readonly forceNewCluster: boolean;
  readonly auth: AuthFlags;
  readonly clientTls: TlsSettings | null;
  readonly peerTls: TlsSettings | null;
  readonly limits: MemberLimits;
  readonly autoCompaction: AutoCompactionPolicy | null;
  readonly keepaliveMinTimeMs: number;
  readonly keepaliveIntervalMs: number;
  readonly keepaliveTimeoutMs: number;
  readonly concurrentStreamsMax: number;
  readonly rpcEngine: 'grpc-js' | 'http2';
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  readonly logToStdout: boolean;
  /** Flags that were set although they mean nothing here, each with the reason. */
  readonly ignored: readonly string[];
  /** Flags among them that etcd calls deprecated, by name. */
  readonly deprecated: readonly string[];
}

/** Makes settings of flags; throws {@link UsageError} that names the flag and says what to do. */
export function toSettings({ values, set }: ParsedFlags): StoreSettings {
  refuseUnbuilt({ values, set });
  const text = (name: string) => values.get(name) ?? '';
  const integer = (name: string) => Number(text(name));
  const flag = (name: string) => text(name) === 'true';
  const urls = (name: string) => parseUrls(name, text(name));
  const optionalUrls = (name: string) => (text(name) === '' ? [] : urls(name));
  const flags = { text, flag };
  const name = text('name');
  if (name === '') throw new UsageError('--name must not be empty');
  const advertisePeerUrls = urls('initial-advertise-peer-urls');
  const dataDir = text('data-dir') === '' ? `${name}.etcd` : text('data-dir');
  const listenClientUrls = urls('listen-client-urls');
  if (set.has('listen-client-urls') && !set.has('advertise-client-urls')) {
    throw new UsageError(
      '--advertise-client-urls is required when --listen-client-urls is set explicitly',
    );
  }
  return {
    name,
    dataDir,
    walDir: text('wal-dir'),
    listenClientUrls,
    advertiseClientUrls: urls('advertise-client-urls'),
    metrics: oneOf('metrics', text('metrics'), ['basic', 'extensive']),
    listenMetricsUrls: optionalUrls('listen-metrics-urls'),
    listenClientHttpUrls: optionalUrls('listen-client-http-urls'),
    httpAccess: { origins: names(text('cors')), hosts: names(text('host-whitelist')) },
    hasGateway: flag('enable-grpc-gateway'),
    listenPeerUrls: urls('listen-peer-urls'),
    advertisePeerUrls,
    initialCluster: parseMembers(name, text('initial-cluster'), advertisePeerUrls),
    initialState: oneOf('initial-cluster-state', text('initial-cluster-state'), [
      'new',
      'existing',
    ]),
    clusterToken: text('initial-cluster-token'),
    forceNewCluster: flag('force-new-cluster'),
    auth: authFlags(flags),
    clientTls: tlsFor('', flags, {
      client: [...urls('listen-client-urls'), ...optionalUrls('listen-client-http-urls')],
      metrics: optionalUrls('listen-metrics-urls'),
    }),
    peerTls: tlsFor('peer-', flags, { peer: urls('listen-peer-urls') }),
    limits: limits(text, integer, flag, set),
    autoCompaction: autoCompaction(text('auto-compaction-mode'), text('auto-compaction-retention')),
    keepaliveMinTimeMs: parseDurationMs(text('grpc-keepalive-min-time')) ?? 0,
    keepaliveIntervalMs: parseDurationMs(text('grpc-keepalive-interval')) ?? 0,
    keepaliveTimeoutMs: parseDurationMs(text('grpc-keepalive-timeout')) ?? 0,
    concurrentStreamsMax: integer('max-concurrent-streams'),
    rpcEngine: oneOf('rpc-engine', text('rpc-engine'), ['grpc-js', 'http2']),
    logLevel: logLevel(text('log-level')),
    logFormat:
      oneOf('log-format', text('log-format'), ['json', 'text', 'console']) === 'json'
        ? 'json'
        : 'text',
    logToStdout: text('log-outputs').split(',').includes('stdout'),
    ignored: ignoredFlags(set),
    deprecated: [...set].filter((name) => deprecatedFlags.has(name)),
  };
}

/** The names of a list between commas. */
function names(list: string): ReadonlySet<string> {
  return new Set(
    list
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  );
}

function refuseUnbuilt({ values, set }: ParsedFlags): void {
  for (const { name, effect, help, value: standard } of storeFlags) {
    if (effect !== 'refused' || !set.has(name)) continue;
    const value = values.get(name);
    if (value !== standard && value !== 'false')
      throw new UsageError(`--${name}=${value}: ${help}`);
  }
}

function ignoredFlags(set: ReadonlySet<string>): string[] {
  return storeFlags
    .filter(({ name, effect }) => effect === 'ignored' && set.has(name))
    .map(({ name, help }) => `--${name} (${help})`);
}

/** The URLs of a list between commas; throws {@link UsageError} that names the flag. */
export function parseUrls(name: string, text: string): string[] {
  try {
    const urls = parseMemberUrls(text.split(',').map((url) => url.trim()));
    for (const url of urls) checkAddress(name, url);
    return urls;
  } catch (error) {
    if (!(error instanceof UrlError)) throw error;
    throw new UsageError(`--${name}: ${error.message}`, { cause: error });
  }
}

/** What can be listened on and dialed: a host, and a port up to 65535. */
function checkAddress(name: string, url: string): void {
  const wrong = (why: string) => new UsageError(`--${name}: ${JSON.stringify(url)}: ${why}`);
  if (url.startsWith('unix')) return;
  if (!URL.canParse(url))
    throw wrong('the address or the port is invalid; write http://ADDRESS:PORT');
}

/**
 * Peer URLs by member name: those given, or of this member alone. Throws {@link UsageError} unless they name this member by the URLs
 * that it advertises.
 */
export function parseMembers(
  name: string,
  text: string,
  advertised: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const given = text === '' ? `${name}=${advertised.join(`,${name}=`)}` : text;
  let members: ReadonlyMap<string, readonly string[]>;
  try {
    members = parseInitialCluster(given);
  } catch (error) {
    if (!(error instanceof InitialClusterError)) throw error;
    throw new UsageError(`--initial-cluster: ${error.message}`, { cause: error });
  }
  const own = members.get(name);
  if (own === undefined) {
    throw new UsageError(
      `--initial-cluster has no member named ${JSON.stringify(name)}; it names ${[...members.keys()].join(', ')}. Set --name to one of them`,
    );
  }
  if ([...own].sort().join() !== [...advertised].sort().join()) {
    throw new UsageError(
      `--initial-cluster has ${own.join(',')} for ${name}, but --initial-advertise-peer-urls is ${advertised.join(',')}: make them the same`,
    );
  }
  return members;
}

/** The TLS of a side, whose URLs are given by kind: those that need it need a certificate. */
function tlsFor(
  side: '' | 'peer-',
  flags: Parameters<typeof tlsSettings>[1],
  urls: Readonly<Record<string, readonly string[]>>,
): TlsSettings | null {
  const settings = tlsSettings(side, flags);
  if (settings !== null) return settings;
  const given = `TLS key/cert (--${side}cert-file, --${side}key-file) must be provided for`;
  for (const [kind, list] of Object.entries(urls)) {
    const url = list.find(isTlsUrl);
    if (url === undefined) continue;
    // The words are etcd's.
    if (kind === 'metrics') throw new UsageError(`client ${given} metrics secure url`);
    throw new UsageError(`${given} ${kind} url ${url} with HTTPS scheme`);
  }
  return null;
}

function limits(
  text: (name: string) => string,
  integer: (name: string) => number,
  flag: (name: string) => boolean,
  set: ReadonlySet<string>,
): MemberLimits {
  const heartbeatMs = integer('heartbeat-interval');
  const electionMs = integer('election-timeout');
  if (heartbeatMs < 1) throw new UsageError('--heartbeat-interval must be at least 1 ms');
  if (electionMs < 5 * heartbeatMs) {
    throw new UsageError(
      `--election-timeout[${electionMs}ms] should be at least as 5 times as --heartbeat-interval[${heartbeatMs}ms]`,
    );
  }
  if (electionMs > 50_000) {
    throw new UsageError(
      `--election-timeout[${electionMs}ms] is too long, and should be set less than 50000ms`,
    );
  }
  const quotaBytes = integer('quota-backend-bytes');
  const progressFlag = set.has('watch-progress-notify-interval')
    ? 'watch-progress-notify-interval'
    : 'experimental-watch-progress-notify-interval';
  return {
    ...defaultLimits,
    heartbeatMs,
    electionMs,
    requestTimeoutMs: 5000 + 2 * electionMs,
    preVote: flag('pre-vote'),
    syncAfterEntries: Math.max(1, integer('snapshot-count')),
    quotaBytes: quotaBytes === 0 ? defaultLimits.quotaBytes : quotaBytes,
    requestBytesMax: integer('max-request-bytes'),
    txnOpsMax: integer('max-txn-ops'),
    strictReconfigCheck: flag('strict-reconfig-check'),
    progressNotifyMs: Math.max(100, parseDurationMs(text(progressFlag)) ?? 0),
  };
}

function autoCompaction(mode: string, retention: string): AutoCompactionPolicy | null {
  const checkedMode = oneOf('auto-compaction-mode', mode, ['periodic', 'revision']);
  if (retention === '' || /^0[a-z]*$/.test(retention)) return null;
  switch (checkedMode) {
    case 'revision': {
      if (!/^\d+$/.test(retention)) {
        throw new UsageError(
          `--auto-compaction-retention: ${JSON.stringify(retention)} is not a count of revisions`,
        );
      }
      return { mode: 'revision', retentionRevisions: Number(retention) };
    }
    case 'periodic': {
      const retentionMs = parseDurationMs(/^\d+$/.test(retention) ? `${retention}h` : retention);
      if (retentionMs === undefined) {
        throw new UsageError(
          `--auto-compaction-retention: ${JSON.stringify(retention)} is not a duration such as 30m or 12h`,
        );
      }
      return { mode: 'periodic', retentionMs };
    }
  }
}

function logLevel(text: string): LogLevel {
  const level = oneOf('log-level', text, [
    'debug',
    'info',
    'warn',
    'error',
    'dpanic',
    'panic',
    'fatal',
  ]);
  return level === 'dpanic' || level === 'panic' ? 'fatal' : level;
}

function oneOf<T extends string>(name: string, value: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  throw new UsageError(`--${name}: ${JSON.stringify(value)} is not one of ${choices.join(', ')}`);
}
