import {
  type ContainerConfigInit,
  type ContainerStatus,
  ContainerState as CriState,
  type LinuxContainerResourcesInit,
  MountPropagation,
  Signal,
} from '../../../../wire/gen/runtime.js';
import type {
  ContainerConfig,
  ContainerState,
  LinuxResources,
  MountConfig,
  SandboxConfig,
} from '../container-runtime.js';
import { RuntimeError } from '../runtime-error.js';
import { entriesOf, millisecondsOf, recordOf } from './map-entries.js';
import { containerSecurity } from './security-messages.js';

/** A container as the interface asks for it. Throws RuntimeError for a stop signal that the interface has no name for. */
export function containerMessage(
  config: ContainerConfig,
  sandbox: SandboxConfig,
): ContainerConfigInit {
  const { name, attempt, image, imageRef } = config;
  return {
    metadata: { name, attempt },
    image: { image: imageRef, userSpecifiedImage: image },
    command: [...config.command],
    args: [...config.args],
    workingDir: config.workingDir,
    envs: config.env.map((each) => ({ key: each.name, value: Buffer.from(each.value) })),
    mounts: config.mounts.map(mountMessage),
    devices: config.devices.map((device) => ({ ...device })),
    labels: entriesOf(config.labels),
    annotations: entriesOf(config.annotations),
    logPath: config.logPath,
    ...{ stdin: config.stdin, stdinOnce: config.stdinOnce, tty: config.tty },
    linux: {
      resources: resourcesMessage(config.resources),
      securityContext: containerSecurity(config.security, config.pidNamespace, sandbox),
    },
    stopSignal: stopSignal(config.stopSignal),
  };
}

/** Limits as the interface has them. */
export function resourcesMessage(resources: LinuxResources): LinuxContainerResourcesInit {
  const { cpuQuotaUs, memoryLimitBytes, hugepageLimits } = resources;
  return {
    cpuPeriod: resources.cpuPeriodUs,
    cpuQuota: cpuQuotaUs ?? (resources.cpuPeriodUs === 0 ? 0 : -1),
    cpuShares: resources.cpuShares,
    memoryLimitInBytes: memoryLimitBytes ?? 0,
    oomScoreAdj: resources.oomScoreAdj,
    hugepageLimits: Object.entries(hugepageLimits).map(([pageSize, limit]) => ({
      ...{ pageSize, limit },
    })),
  };
}

const states: Readonly<Record<number, ContainerState['state']>> = {
  [CriState.CONTAINER_CREATED]: 'created',
  [CriState.CONTAINER_RUNNING]: 'running',
  [CriState.CONTAINER_EXITED]: 'exited',
};

/** A container's state by the interface's number. */
export function stateNameOf(state: number): ContainerState['state'] {
  return states[state] ?? 'unknown';
}

/** What the runtime says of a container; `sandboxId` is not in its status. */
export function containerStateOf(status: ContainerStatus, sandboxId: string): ContainerState {
  return {
    id: status.id,
    sandboxId,
    name: status.metadata?.name ?? '',
    attempt: status.metadata?.attempt ?? 0,
    state: stateNameOf(status.state),
    createdAtMs: millisecondsOf(status.createdAt),
    startedAtMs: millisecondsOf(status.startedAt),
    finishedAtMs: millisecondsOf(status.finishedAt),
    exitCode: status.exitCode,
    reason: status.reason,
    message: status.message,
    image: status.image?.image ?? '',
    imageRef: status.imageRef,
    logPath: status.logPath,
    labels: recordOf(status.labels),
    annotations: recordOf(status.annotations),
  };
}

function mountMessage(mount: MountConfig) {
  const { containerPath, hostPath, isReadonly, propagation } = mount;
  if (mount.image !== undefined) {
    throw new RuntimeError('unsupported', 'image volumes are not given to runtimes behind CRI');
  }
  const propagations = {
    private: MountPropagation.PROPAGATION_PRIVATE,
    'host-to-container': MountPropagation.PROPAGATION_HOST_TO_CONTAINER,
    bidirectional: MountPropagation.PROPAGATION_BIDIRECTIONAL,
  };
  return {
    ...{ containerPath, hostPath, readonly: isReadonly },
    propagation: propagations[propagation],
  };
}

/** `SIGRTMIN+3` is `SIGNAL_SIGRTMINPLUS3`. */
function stopSignal(name: string): number {
  if (name === '') return Signal.SIGNAL_RUNTIME_DEFAULT;
  const key = `SIGNAL_${name.replace('+', 'PLUS').replace('-', 'MINUS')}`;
  const number = (Signal as Readonly<Record<string, number>>)[key];
  if (number !== undefined) return number;
  throw new RuntimeError('unsupported', `stop signal ${JSON.stringify(name)} is not known`);
}
