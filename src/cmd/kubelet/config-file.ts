import { parse } from 'yaml';
import type { Logger } from '../../base/logger.js';
import { readTextFile } from '../../host/text-file.js';
import { type ParsedFlags, parseFlags } from '../program/flags.js';
import { UsageError } from '../usage-error.js';
import { kubeletFlags } from './flags.js';

const apiVersion = 'kubelet.config.k8s.io/v1beta1';
const kind = 'KubeletConfiguration';

/** Fields of the file with the flags that say the same. */
const flagOf: Readonly<Record<string, string>> = {
  address: 'address',
  port: 'port',
  maxPods: 'max-pods',
  clusterDNS: 'cluster-dns',
  clusterDomain: 'cluster-domain',
  resolvConf: 'resolv-conf',
  staticPodPath: 'pod-manifest-path',
  fileCheckFrequency: 'file-check-frequency',
  nodeStatusUpdateFrequency: 'node-status-update-frequency',
  nodeStatusReportFrequency: 'node-status-report-frequency',
  nodeLeaseDurationSeconds: 'node-lease-duration-seconds',
  syncFrequency: 'sync-frequency',
  readOnlyPort: 'read-only-port',
  enableDebuggingHandlers: 'enable-debugging-handlers',
  streamingConnectionIdleTimeout: 'streaming-connection-idle-timeout',
  healthzPort: 'healthz-port',
  healthzBindAddress: 'healthz-bind-address',
  maxParallelImagePulls: 'max-parallel-image-pulls',
  imageGCHighThresholdPercent: 'image-gc-high-threshold',
  imageGCLowThresholdPercent: 'image-gc-low-threshold',
  imageMinimumGCAge: 'minimum-image-ttl-duration',
  containerLogMaxSize: 'container-log-max-size',
  containerLogMaxFiles: 'container-log-max-files',
  cpuCFSQuota: 'cpu-cfs-quota',
  cgroupRoot: 'cgroup-root',
  cgroupsPerQOS: 'cgroups-per-qos',
  shutdownGracePeriod: 'shutdown-grace-period',
  shutdownGracePeriodCriticalPods: 'shutdown-grace-period-critical-pods',
  systemReserved: 'system-reserved',
  kubeReserved: 'kube-reserved',
  evictionHard: 'eviction-hard',
  evictionSoft: 'eviction-soft',
  evictionSoftGracePeriod: 'eviction-soft-grace-period',
  evictionMaxPodGracePeriod: 'eviction-max-pod-grace-period',
  evictionPressureTransitionPeriod: 'eviction-pressure-transition-period',
  registerNode: 'register-node',
  registerWithTaints: 'register-with-taints',
  containerRuntimeEndpoint: 'container-runtime-endpoint',
  podLogsDir: 'pod-logs-dir',
  providerID: 'provider-id',
  rotateCertificates: 'rotate-certificates',
  serverTLSBootstrap: 'rotate-server-certificates',
  tlsCertFile: 'tls-cert-file',
  tlsPrivateKeyFile: 'tls-private-key-file',
};

/** Maps whose items are thresholds, `memory.available<100Mi`. */
const thresholds: ReadonlySet<string> = new Set(['evictionHard', 'evictionSoft']);

type Document = Record<string, unknown>;

/**
 * The flags with what the file of `--config` says where they were not given. Fields that do nothing here are named in a warning. Rejects
 * with UsageError.
 */
export async function withConfigFile(
  flags: ParsedFlags,
  argv: readonly string[],
  logger: Logger,
): Promise<{ readonly flags: ParsedFlags; readonly document: Document }> {
  const path = flags.text('config');
  if (path === '') return { flags, document: { apiVersion, kind } };
  const document = await readDocument(path);
  const words: string[] = [];
  const unused: string[] = [];
  for (const [field, value] of Object.entries(flattened(document))) {
    const flag = flagOf[field] ?? nestedFlags[field];
    if (flag === undefined) unused.push(field);
    else if (!flags.given.has(flag)) words.push(`--${flag}=${textOf(field, value, path)}`);
  }
  if (unused.length > 0)
    logger.warn('fields of the configuration without effect here', { path, fields: unused });
  return { flags: parseFlags('flotilla kubelet', kubeletFlags, [...words, ...argv]), document };
}

/** Fields within fields. */
const nestedFlags: Readonly<Record<string, string>> = {
  'authentication.anonymous.enabled': 'anonymous-auth',
  'authentication.webhook.enabled': 'authentication-token-webhook',
  'authentication.webhook.cacheTTL': 'authentication-token-webhook-cache-ttl',
  'authentication.x509.clientCAFile': 'client-ca-file',
  'authorization.mode': 'authorization-mode',
  'authorization.webhook.cacheAuthorizedTTL': 'authorization-webhook-cache-authorized-ttl',
  'authorization.webhook.cacheUnauthorizedTTL': 'authorization-webhook-cache-unauthorized-ttl',
};

async function readDocument(path: string): Promise<Document> {
  let document: unknown;
  try {
    document = parse(await readTextFile(path));
  } catch (error) {
    throw new UsageError(`--config: cannot read ${JSON.stringify(path)}: ${String(error)}`);
  }
  const { apiVersion: version, kind: own } = (document ?? {}) as Document;
  if (version !== apiVersion || own !== kind) {
    throw new UsageError(`--config: ${JSON.stringify(path)} is no ${kind} of ${apiVersion}`);
  }
  return document as Document;
}

function flattened(document: Document): Document {
  const fields: Document = {};
  for (const [field, value] of Object.entries(document)) {
    if (field === 'apiVersion' || field === 'kind') continue;
    if (field === 'authentication' || field === 'authorization') {
      Object.assign(fields, leaves(field, value as Document));
    } else fields[field] = value;
  }
  return fields;
}

function leaves(prefix: string, value: Document): Document {
  const fields: Document = {};
  for (const [key, item] of Object.entries(value ?? {})) {
    const path = `${prefix}.${key}`;
    if (typeof item === 'object' && item !== null)
      Object.assign(fields, leaves(path, item as Document));
    else fields[path] = item;
  }
  return fields;
}

function textOf(field: string, value: unknown, path: string): string {
  if (Array.isArray(value)) return value.map((item) => itemText(item)).join(',');
  if (typeof value === 'object' && value !== null) {
    const sign = thresholds.has(field) ? '<' : '=';
    return Object.entries(value)
      .map(([key, item]) => `${key}${sign}${String(item)}`)
      .join(',');
  }
  const isPlain =
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  if (!isPlain) throw new UsageError(`--config: ${path}: ${field} has no value`);
  return String(value);
}

function itemText(item: unknown): string {
  if (typeof item !== 'object' || item === null) return String(item);
  const { key = '', value = '', effect = '' } = item as Record<string, string>;
  return value === '' ? `${key}:${effect}` : `${key}=${value}:${effect}`;
}
