import type {
  ContainerConfig,
  LinuxResources,
  SandboxConfig,
  SecurityConfig,
} from '../../../../src/control/kubelet/runtime/container-runtime.js';

/** No limits, no wishes. */
export const plainResources: LinuxResources = {
  cpuShares: 0,
  cpuQuotaUs: null,
  cpuPeriodUs: 0,
  memoryLimitBytes: null,
  oomScoreAdj: 0,
  hugepageLimits: {},
};

export const plainSecurity: SecurityConfig = {
  runAsUser: null,
  runAsUserName: '',
  runAsGroup: null,
  supplementalGroups: [],
  privileged: false,
  readOnlyRootFilesystem: false,
  noNewPrivileges: false,
  addCapabilities: [],
  dropCapabilities: [],
  seccomp: null,
  apparmor: null,
  maskedPaths: [],
  readonlyPaths: [],
};

let count = 0;

/** A sandbox as the kubelet asks for one, with what a test changes. */
export function sandboxConfig(
  logDirectory: string,
  changes: Partial<SandboxConfig> = {},
): SandboxConfig {
  count += 1;
  return {
    name: `pod-${count}`,
    namespace: 'default',
    uid: `uid-${process.pid}-${count}`,
    attempt: 0,
    hostname: `pod-${count}`,
    logDirectory,
    dns: null,
    portMappings: [],
    labels: { 'io.kubernetes.pod.name': `pod-${count}` },
    annotations: { 'example.com/a': 'b' },
    cgroupParent: '',
    hostNetwork: false,
    hostPid: false,
    hostIpc: false,
    shareProcessNamespace: false,
    sysctls: {},
    security: plainSecurity,
    runtimeHandler: '',
    ...changes,
  };
}

/** A container that runs a command, with what a test changes. */
export function containerConfig(
  command: readonly string[],
  changes: Partial<ContainerConfig> = {},
): ContainerConfig {
  return {
    name: 'main',
    attempt: 0,
    image: 'host',
    imageRef: 'host',
    command,
    args: [],
    workingDir: '',
    env: [],
    mounts: [],
    devices: [],
    logPath: 'main/0.log',
    stdin: false,
    stdinOnce: false,
    tty: false,
    resources: plainResources,
    security: plainSecurity,
    pidNamespace: 'container',
    stopSignal: '',
    labels: { 'io.kubernetes.container.name': 'main' },
    annotations: { 'io.kubernetes.container.hash': '1' },
    ...changes,
  };
}
