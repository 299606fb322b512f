import type { Taint } from '../../control/api/gen/core-v1.js';
import type { KubeletSettings } from '../../control/kubelet/settings.js';
import { ipProblems } from '../../control/machinery/ip-problems.js';
import type { JsonObject } from '../../control/machinery/json.js';
import { dnsSubdomainProblems } from '../../control/machinery/names.js';
import { Quantity } from '../../control/machinery/quantity.js';
import { parseDurationMs } from '../flag-duration.js';
import type { ParsedFlags } from '../program/flags.js';
import { UsageError } from '../usage-error.js';

/** What Kubernetes' version the kubelet says that it is. */
const kubeletVersion = 'v1.36.0';

/** What the flags tell a kubelet. Throws UsageError. */
export function kubeletSettings(
  flags: ParsedFlags,
  { hostname, document }: { readonly hostname: string; readonly document: JsonObject },
): KubeletSettings {
  const given = flags.text('hostname-override');
  const nodeName = (given === '' ? hostname : given).trim().toLowerCase();
  if (dnsSubdomainProblems(nodeName).length > 0) {
    throw new UsageError(`--hostname-override: ${JSON.stringify(nodeName)} is no name of a node`);
  }
  const nodeIps = flags.list('node-ip');
  for (const ip of [...nodeIps, ...flags.list('cluster-dns')]) {
    if (ipProblems(ip).length > 0) throw new UsageError(`${JSON.stringify(ip)} is no IP address`);
  }
  return {
    ...{ nodeName, nodeIps, kubeletVersion, document: { ...document } },
    nodeLabels: pairs(flags, 'node-labels', '='),
    taints: flags.list('register-with-taints').map(taint),
    isRegistered: flags.isTrue('register-node'),
    isSchedulable: flags.isTrue('register-schedulable'),
    rootDir: flags.text('root-dir'),
    hostPathFolders: hostPathFolders(flags),
    podLogsDir: flags.text('pod-logs-dir'),
    podsMax: flags.number('max-pods'),
    systemReserved: amounts(flags, 'system-reserved'),
    kubeReserved: amounts(flags, 'kube-reserved'),
    evictionHard: thresholds(flags, 'eviction-hard'),
    evictionSoft: thresholds(flags, 'eviction-soft'),
    evictionSoftGraceMs: durations(flags, 'eviction-soft-grace-period'),
    evictionMaxPodGraceSeconds: flags.number('eviction-max-pod-grace-period'),
    evictionPressureTransitionMs: flags.durationMs('eviction-pressure-transition-period'),
    clusterDns: flags.list('cluster-dns'),
    clusterDomain: flags.text('cluster-domain'),
    resolvConf: flags.text('resolv-conf'),
    podManifestPath: flags.text('pod-manifest-path'),
    fileCheckMs: flags.durationMs('file-check-frequency'),
    nodeStatusUpdateMs: flags.durationMs('node-status-update-frequency'),
    nodeStatusReportMs: flags.durationMs('node-status-report-frequency'),
    nodeLeaseSeconds: flags.number('node-lease-duration-seconds'),
    relistMs: Math.max(100, flags.durationMs('runtime-relist-period')),
    healthzPort: flags.number('healthz-port'),
    healthzAddress: flags.text('healthz-bind-address'),
    port: flags.number('port'),
    imagePullsMax: Math.max(1, flags.number('max-parallel-image-pulls')),
    imageHighPercent: percent(flags, 'image-gc-high-threshold'),
    imageLowPercent: percent(flags, 'image-gc-low-threshold'),
    imageAgeMsMin: flags.durationMs('minimum-image-ttl-duration'),
    logFiles: Math.max(2, flags.number('container-log-max-files')),
    logBytesMax: Number(quantity('container-log-max-size', flags.text('container-log-max-size'))),
    hasCpuQuota: flags.isTrue('cpu-cfs-quota'),
    cgroupRoot: flags.text('cgroup-root'),
    areCgroupsPerPod: flags.isTrue('cgroups-per-qos'),
    shutdownGraceMs: flags.durationMs('shutdown-grace-period'),
    shutdownGraceCriticalMs: flags.durationMs('shutdown-grace-period-critical-pods'),
    providerId: flags.text('provider-id'),
  };
}

function pairs(flags: ParsedFlags, name: string, sign: string): Record<string, string> {
  return Object.fromEntries(
    flags.list(name).map((item) => {
      const at = item.indexOf(sign);
      if (at < 1) throw new UsageError(`--${name}: ${JSON.stringify(item)} is not KEY${sign}VALUE`);
      return [item.slice(0, at), item.slice(at + 1)];
    }),
  );
}

function amounts(flags: ParsedFlags, name: string): Record<string, string> {
  const all = pairs(flags, name, '=');
  for (const amount of Object.values(all)) quantity(name, amount);
  return all;
}

function thresholds(flags: ParsedFlags, name: string): Record<string, string> {
  const all = pairs(flags, name, '<');
  for (const amount of Object.values(all)) {
    if (!/^\d+(\.\d+)?%$/.test(amount)) quantity(name, amount);
  }
  return all;
}

function durations(flags: ParsedFlags, name: string): Record<string, number> {
  const entries = Object.entries(pairs(flags, name, '=')).map(([signal, text]) => {
    const ms = parseDurationMs(text);
    if (ms === undefined) throw new UsageError(`--${name}: ${JSON.stringify(text)} is no duration`);
    return [signal, ms] as const;
  });
  return Object.fromEntries(entries);
}

function quantity(name: string, text: string): bigint {
  try {
    return Quantity.parse(text).value();
  } catch {
    throw new UsageError(`--${name}: ${JSON.stringify(text)} is no amount such as 500m or 1Gi`);
  }
}

function percent(flags: ParsedFlags, name: string): number {
  const value = flags.number(name);
  if (value > 100) throw new UsageError(`--${name}: give 0 to 100`);
  return value;
}

function taint(text: string): Taint {
  const [, key = '', value = '', effect = ''] =
    /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(text) ?? [];
  if (key === '') {
    throw new UsageError(`--register-with-taints: ${JSON.stringify(text)} is not KEY=VALUE:EFFECT`);
  }
  return { key, effect, ...(value === '' ? {} : { value }) };
}

/** As provisioners write them: without a slash at the end. */
function hostPathFolders(flags: ParsedFlags): readonly string[] {
  const name = 'host-path-volume-folders';
  return flags.list(name).map((folder) => {
    if (!folder.startsWith('/') || /^\/+$/.test(folder) || folder.split('/').includes('..'))
      throw new UsageError(`--${name}: ${JSON.stringify(folder)} is no folder that may be emptied`);
    return folder.replace(/\/+$/, '');
  });
}
