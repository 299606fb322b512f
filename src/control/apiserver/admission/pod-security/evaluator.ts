import * as baseline from './baseline-checks.js';
import {
  type CheckedPod,
  exceptUserNamespaces,
  exceptWindows,
  type PodCheck,
  type Violation,
} from './check.js';
import type { LevelVersion, PolicyVersion } from './level-version.js';
import * as restricted from './restricted-checks.js';

/** A check from some version on. */
interface VersionedCheck {
  readonly since: number;
  readonly check: PodCheck;
}

interface CheckRow {
  readonly id: string;
  readonly versions: readonly VersionedCheck[];
  /** Of a restricted check: the baseline check that it takes the place of. */
  readonly replaces?: string;
}

const sysctls0 = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
];
const sysctls27 = [...sysctls0, 'net.ipv4.ip_local_reserved_ports'];
const sysctls29 = [
  ...sysctls27,
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
];
const sysctls32 = [...sysctls29, 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'];
const selinuxTypes = ['container_t', 'container_init_t', 'container_kvm_t'];

const always = (check: PodCheck): readonly VersionedCheck[] => [{ since: 0, check }];

/** In order of their ids, as violations are told. */
const baselineRows: readonly CheckRow[] = [
  { id: 'appArmorProfile', versions: always(baseline.appArmorProfile) },
  { id: 'capabilities_baseline', versions: always(baseline.capabilitiesBaseline) },
  { id: 'hostNamespaces', versions: always(baseline.hostNamespaces) },
  { id: 'hostPathVolumes', versions: always(baseline.hostPathVolumes) },
  { id: 'hostPorts', versions: always(baseline.hostPorts) },
  {
    id: 'hostProbesAndHostLifecycle',
    versions: [{ since: 34, check: baseline.hostProbesAndHostLifecycle }],
  },
  { id: 'privileged', versions: always(baseline.privileged) },
  {
    id: 'procMount',
    versions: [
      { since: 0, check: baseline.procMount },
      { since: 35, check: exceptUserNamespaces(baseline.procMount) },
    ],
  },
  {
    id: 'seLinuxOptions',
    versions: [
      { since: 0, check: baseline.seLinuxOptions(...selinuxTypes) },
      { since: 31, check: baseline.seLinuxOptions(...selinuxTypes, 'container_engine_t') },
    ],
  },
  {
    id: 'seccompProfile_baseline',
    versions: [
      { since: 0, check: baseline.seccompAnnotations },
      { since: 19, check: baseline.seccompBaseline },
    ],
  },
  {
    id: 'sysctls',
    versions: [
      { since: 0, check: baseline.sysctls(...sysctls0) },
      { since: 27, check: baseline.sysctls(...sysctls27) },
      { since: 29, check: baseline.sysctls(...sysctls29) },
      { since: 32, check: baseline.sysctls(...sysctls32) },
    ],
  },
  { id: 'windowsHostProcess', versions: always(baseline.windowsHostProcess) },
];

const restrictedRows: readonly CheckRow[] = [
  {
    id: 'allowPrivilegeEscalation',
    versions: [
      { since: 8, check: restricted.allowPrivilegeEscalation },
      { since: 25, check: exceptWindows(restricted.allowPrivilegeEscalation) },
    ],
  },
  {
    id: 'capabilities_restricted',
    replaces: 'capabilities_baseline',
    versions: [
      { since: 22, check: restricted.capabilitiesRestricted },
      { since: 25, check: exceptWindows(restricted.capabilitiesRestricted) },
    ],
  },
  {
    id: 'procMount_restricted',
    replaces: 'procMount',
    versions: [{ since: 35, check: baseline.procMount }],
  },
  {
    id: 'restrictedVolumes',
    replaces: 'hostPathVolumes',
    versions: always(restricted.restrictedVolumes),
  },
  {
    id: 'runAsNonRoot',
    versions: [
      { since: 0, check: restricted.runAsNonRoot },
      { since: 35, check: exceptUserNamespaces(restricted.runAsNonRoot) },
    ],
  },
  {
    id: 'runAsUser',
    versions: [
      { since: 23, check: restricted.runAsUser },
      { since: 35, check: exceptUserNamespaces(restricted.runAsUser) },
    ],
  },
  {
    id: 'seccompProfile_restricted',
    replaces: 'seccompProfile_baseline',
    versions: [
      { since: 19, check: restricted.seccompRestricted },
      { since: 25, check: exceptWindows(restricted.seccompRestricted) },
    ],
  },
];

/** What is wrong with a pod by a level: baseline checks first, then restricted ones. Empty: it is allowed. */
export function violationsOf(
  pod: CheckedPod,
  { level, version }: LevelVersion,
): readonly Violation[] {
  if (level === 'privileged') return [];
  const found: Violation[] = [];
  for (const check of checksOf(level, version)) {
    const violation = check(pod);
    if (violation !== null) found.push(violation);
  }
  return found;
}

/** `privileged (container "a" must not set ...), hostPort (...)`. */
export function violationsText(violations: readonly Violation[]): string {
  return violations
    .map(({ reason, detail }) => (detail === '' ? reason : `${reason} (${detail})`))
    .join(', ');
}

const cache = new Map<string, readonly PodCheck[]>();

function checksOf(level: 'baseline' | 'restricted', version: PolicyVersion): readonly PodCheck[] {
  // All versions after the last change are the same.
  const minor = version === 'latest' ? 35 : Math.min(version, 35);
  const key = `${level}:${minor}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const ofRestricted = level === 'baseline' ? [] : restrictedRows.filter((row) => at(row, minor));
  const replaced = new Set(ofRestricted.map(({ replaces }) => replaces));
  const rows = [...baselineRows.filter(({ id }) => !replaced.has(id)), ...ofRestricted];
  const checks = rows.flatMap((row) => at(row, minor) ?? []);
  cache.set(key, checks);
  return checks;
}

function at({ versions }: CheckRow, minor: number): PodCheck | undefined {
  return versions.findLast(({ since }) => since <= minor)?.check;
}
