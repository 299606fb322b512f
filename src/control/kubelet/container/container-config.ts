import type { Container, Pod, VolumeMount } from '../../api/gen/core-v1.js';
import type { PodContainer } from '../pods/container-list.js';
import { containerNotes, runtimeLabels, volumeImageNotes } from '../pods/runtime-labels.js';
import type {
  ContainerConfig,
  LinuxResources,
  MountConfig,
  NamespaceMode,
} from '../runtime/container-runtime.js';
import { expand } from './expand.js';
import { containerSecurity } from './security.js';

/** What is known as a container is about to be made. */
export interface ContainerParts {
  readonly pod: Pod;
  readonly container: PodContainer;
  readonly attempt: number;
  readonly imageRef: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly mounts: readonly MountConfig[];
  readonly resources: LinuxResources;
  /** Of an ephemeral container: the container whose processes it sees; '' none. */
  readonly targetContainerId: string;
}

/** What the runtime is asked to make of a container. Pure. */
export function containerConfig(parts: ContainerParts): ContainerConfig {
  const { pod, container, attempt, env } = parts;
  const { spec, name } = container;
  const values = new Map(env.map((each) => [each.name, each.value]));
  const expanded = (list: readonly string[] = []) =>
    list.map((text) => expand(text, (key) => values.get(key)));
  return {
    name,
    attempt,
    image: spec.image ?? '',
    imageRef: parts.imageRef,
    command: expanded(spec.command),
    args: expanded(spec.args),
    workingDir: spec.workingDir ?? '',
    env,
    mounts: parts.mounts,
    devices: [],
    logPath: `${name}/${attempt}.log`,
    stdin: spec.stdin === true,
    stdinOnce: spec.stdinOnce === true,
    tty: spec.tty === true,
    resources: parts.resources,
    security: containerSecurity(pod, spec),
    pidNamespace: pidNamespace(pod, parts.targetContainerId),
    stopSignal: spec.lifecycle?.stopSignal ?? '',
    labels: runtimeLabels(pod, name),
    annotations: {
      ...containerNotes(pod, spec, attempt),
      ...volumeImageNotes(parts.mounts.flatMap(({ image }) => image?.ref ?? [])),
    },
  };
}

function pidNamespace({ spec }: Pod, targetContainerId: string): NamespaceMode {
  if (spec?.hostPID === true) return 'node';
  if (spec?.shareProcessNamespace === true) return 'pod';
  return targetContainerId === '' ? 'container' : { targetContainerId };
}

/** How a container sees a volume at a place of the node. Pure. */
export function mountOf(
  { mountPath = '', readOnly = false, mountPropagation = 'None' }: VolumeMount,
  { workingDir = '' }: Container,
  hostPath: string,
): MountConfig {
  const containerPath = mountPath.startsWith('/') ? mountPath : `${workingDir}/${mountPath}`;
  const propagations = {
    None: 'private',
    HostToContainer: 'host-to-container',
    Bidirectional: 'bidirectional',
  } as const;
  const propagation = propagations[mountPropagation as keyof typeof propagations] ?? 'private';
  return { containerPath, hostPath, isReadonly: readOnly, propagation };
}
