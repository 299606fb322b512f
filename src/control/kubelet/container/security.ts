import type { Container, Pod, PodSecurityContext, SecurityContext } from '../../api/gen/core-v1.js';
import type { ImageState, SecurityConfig, SecurityProfile } from '../runtime/container-runtime.js';
import { ContainerConfigError } from './config-error.js';

const maskedPaths = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** Who a container runs as and what it may: the pod's word, where the container's own says nothing. Pure. */
export function containerSecurity(pod: Pod, container: Container): SecurityConfig {
  const ofPod = pod.spec?.securityContext ?? {};
  const own = container.securityContext ?? {};
  const isPrivileged = own.privileged === true;
  const isUnmasked = isPrivileged || own.procMount === 'Unmasked';
  return {
    ...identity(ofPod, own),
    privileged: isPrivileged,
    readOnlyRootFilesystem: own.readOnlyRootFilesystem === true,
    noNewPrivileges: own.allowPrivilegeEscalation === false && !isPrivileged,
    addCapabilities: own.capabilities?.add ?? [],
    dropCapabilities: own.capabilities?.drop ?? [],
    seccomp: isPrivileged ? unconfined : profile(own.seccompProfile ?? ofPod.seccompProfile),
    apparmor: isPrivileged ? unconfined : profile(own.appArmorProfile ?? ofPod.appArmorProfile),
    maskedPaths: isUnmasked ? [] : maskedPaths,
    readonlyPaths: isUnmasked ? [] : readonlyPaths,
  };
}

/** The same of a pod's sandbox. Pure. */
export function sandboxSecurity({ spec }: Pod): SecurityConfig {
  const ofPod = spec?.securityContext ?? {};
  const all = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  return {
    ...identity(ofPod, {}),
    privileged: all.some(({ securityContext }) => securityContext?.privileged === true),
    readOnlyRootFilesystem: false,
    noNewPrivileges: false,
    addCapabilities: [],
    dropCapabilities: [],
    seccomp: { kind: 'runtime-default', localhostRef: '' },
    apparmor: null,
    maskedPaths: [],
    readonlyPaths: [],
  };
}

function identity(
  ofPod: PodSecurityContext,
  own: SecurityContext,
): Pick<SecurityConfig, 'runAsUser' | 'runAsUserName' | 'runAsGroup' | 'supplementalGroups'> {
  const groups = [...(ofPod.supplementalGroups ?? [])];
  if (ofPod.fsGroup !== undefined) groups.push(ofPod.fsGroup);
  return {
    runAsUser: own.runAsUser ?? ofPod.runAsUser ?? null,
    runAsUserName: '',
    runAsGroup: own.runAsGroup ?? ofPod.runAsGroup ?? null,
    supplementalGroups: [...new Set(groups)],
  };
}

const unconfined: SecurityProfile = { kind: 'unconfined', localhostRef: '' };

function profile(
  asked: { readonly type?: string; readonly localhostProfile?: string } | undefined,
): SecurityProfile | null {
  if (asked === undefined) return null;
  const { type, localhostProfile = '' } = asked;
  if (type === 'Unconfined') return unconfined;
  if (type === 'Localhost') return { kind: 'localhost', localhostRef: localhostProfile };
  return { kind: 'runtime-default', localhostRef: '' };
}

/** Throws ContainerConfigError for a container that must not run as root and would. */
export function checkNonRoot(pod: Pod, container: Container, image: ImageState | null): void {
  const ofPod = pod.spec?.securityContext;
  const own = container.securityContext;
  if ((own?.runAsNonRoot ?? ofPod?.runAsNonRoot) !== true) return;
  const { name = '', namespace = '', uid = '' } = pod.metadata;
  const where = `(pod: "${name}_${namespace}(${uid})", container: ${container.name})`;
  const user = own?.runAsUser ?? ofPod?.runAsUser;
  if (user === 0) {
    throw new ContainerConfigError(`container's runAsUser breaks non-root policy ${where}`);
  }
  if (user !== undefined || image === null) return;
  const { uid: imageUid, name: imageUser } = image.user;
  if (imageUid === 0 || (imageUid === null && imageUser === '')) {
    throw new ContainerConfigError(
      `container has runAsNonRoot and image will run as root ${where}`,
    );
  }
  if (imageUid === null) {
    throw new ContainerConfigError(
      `container has runAsNonRoot and image has non-numeric user (${imageUser}), cannot verify user is non-root ${where}`,
    );
  }
}
