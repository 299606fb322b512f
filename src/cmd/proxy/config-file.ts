import { parse } from 'yaml';
import { UsageError } from '../usage-error.js';

/** Fields of a KubeProxyConfiguration with the flags that say the same. */
export const flagOf: Readonly<Record<string, string>> = {
  bindAddress: 'bind-address',
  bindAddressHardFail: 'bind-address-hard-fail',
  healthzBindAddress: 'healthz-bind-address',
  metricsBindAddress: 'metrics-bind-address',
  hostnameOverride: 'hostname-override',
  clusterCIDR: 'cluster-cidr',
  mode: 'proxy-mode',
  nodePortAddresses: 'nodeport-addresses',
  oomScoreAdj: 'oom-score-adj',
  configSyncPeriod: 'config-sync-period',
  enableProfiling: 'profiling',
  showHiddenMetricsForVersion: 'show-hidden-metrics-for-version',
  detectLocalMode: 'detect-local-mode',
  'detectLocal.bridgeInterface': 'pod-bridge-interface',
  'detectLocal.interfaceNamePrefix': 'pod-interface-name-prefix',
  'clientConnection.kubeconfig': 'kubeconfig',
  'clientConnection.qps': 'kube-api-qps',
  'clientConnection.burst': 'kube-api-burst',
  'clientConnection.contentType': 'kube-api-content-type',
  'conntrack.maxPerCore': 'conntrack-max-per-core',
  'conntrack.min': 'conntrack-min',
  'conntrack.tcpEstablishedTimeout': 'conntrack-tcp-timeout-established',
  'conntrack.tcpCloseWaitTimeout': 'conntrack-tcp-timeout-close-wait',
  'conntrack.tcpBeLiberal': 'conntrack-tcp-be-liberal',
  'conntrack.udpTimeout': 'conntrack-udp-timeout',
  'conntrack.udpStreamTimeout': 'conntrack-udp-timeout-stream',
  'iptables.masqueradeBit': 'iptables-masquerade-bit',
  'iptables.masqueradeAll': 'masquerade-all',
  'iptables.localhostNodePorts': 'iptables-localhost-nodeports',
  'iptables.syncPeriod': 'iptables-sync-period',
  'iptables.minSyncPeriod': 'iptables-min-sync-period',
  'nftables.masqueradeBit': 'iptables-masquerade-bit',
  'nftables.masqueradeAll': 'masquerade-all',
  'nftables.syncPeriod': 'sync-period',
  'nftables.minSyncPeriod': 'min-sync-period',
  'ipvs.scheduler': 'ipvs-scheduler',
  'ipvs.syncPeriod': 'ipvs-sync-period',
  'ipvs.minSyncPeriod': 'ipvs-min-sync-period',
  'ipvs.strictARP': 'ipvs-strict-arp',
  'ipvs.excludeCIDRs': 'ipvs-exclude-cidrs',
  'ipvs.tcpTimeout': 'ipvs-tcp-timeout',
  'ipvs.tcpFinTimeout': 'ipvs-tcpfin-timeout',
  'ipvs.udpTimeout': 'ipvs-udp-timeout',
  featureGates: 'feature-gates',
  udpIdleTimeout: 'udp-timeout',
};

/** Fields that say which document this is, and those of parts that have no flags here. */
const unread: ReadonlySet<string> = new Set([
  ...['apiVersion', 'kind', 'portRange', 'windowsRunAsService'],
  ...['logging', 'winkernel', 'detectLocal', 'clientConnection.acceptContentTypes'],
]);
const sections: ReadonlySet<string> = new Set([
  ...['clientConnection', 'conntrack', 'iptables', 'nftables', 'ipvs', 'detectLocal'],
]);
/** Sections that hold for one mode. */
const modeSections: ReadonlySet<string> = new Set(['iptables', 'nftables', 'ipvs']);

/**
 * A KubeProxyConfiguration as a command line that says the same; of the sections for modes, that of its own mode alone. Throws
 * UsageError for other documents and for fields that there are not.
 */
export function configurationFlags(text: string): readonly string[] {
  const document = documentOf(text);
  const mode =
    typeof document.mode === 'string' && document.mode !== '' ? document.mode : 'nftables';
  const words: string[] = [];
  for (const [field, value] of Object.entries(document)) {
    if (value === null) continue;
    if (!sections.has(field)) {
      addField(words, field, value);
      continue;
    }
    if (typeof value !== 'object' || Array.isArray(value))
      throw new UsageError(`--config: ${field} is to be an object`);
    if (modeSections.has(field) && field !== mode) continue;
    for (const [inner, innerValue] of Object.entries(value)) {
      if (innerValue !== null) addField(words, `${field}.${inner}`, innerValue);
    }
  }
  return words;
}

function documentOf(text: string): Readonly<Record<string, unknown>> {
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    throw new UsageError(`--config: it is no YAML: ${(error as Error).message}`);
  }
  const { apiVersion, kind } = (document ?? {}) as Record<string, unknown>;
  if (apiVersion !== 'kubeproxy.config.k8s.io/v1alpha1' || kind !== 'KubeProxyConfiguration')
    throw new UsageError(
      '--config: it is to hold a KubeProxyConfiguration of kubeproxy.config.k8s.io/v1alpha1',
    );
  return document as Record<string, unknown>;
}

function addField(words: string[], field: string, value: unknown): void {
  const flag = flagOf[field];
  if (flag === undefined) {
    if (!unread.has(field))
      throw new UsageError(`--config: unknown field ${JSON.stringify(field)}`);
    return;
  }
  const written = textOf(field, value);
  if (written !== '') words.push(`--${flag}=${written}`);
}

/** '' stands for the default, as everywhere in these documents. */
function textOf(field: string, value: unknown): string {
  if (Array.isArray(value)) return value.join(',');
  if (field === 'featureGates' && typeof value === 'object')
    return Object.entries(value as object)
      .map(([gate, on]) => `${gate}=${String(on)}`)
      .join(',');
  if (typeof value === 'object')
    throw new UsageError(`--config: ${field} is to be a single value or a list`);
  return String(value);
}
