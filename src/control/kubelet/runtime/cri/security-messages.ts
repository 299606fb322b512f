import {
  type LinuxContainerSecurityContextInit,
  type LinuxSandboxSecurityContextInit,
  NamespaceMode,
  type NamespaceOptionInit,
  ProfileType,
  type SecurityProfileInit,
} from '../../../../wire/gen/runtime.js';
import type {
  NamespaceMode as Namespace,
  SandboxConfig,
  SecurityConfig,
  SecurityProfile,
} from '../container-runtime.js';

/** What of a sandbox's rights the interface carries. */
export function sandboxSecurity(sandbox: SandboxConfig): LinuxSandboxSecurityContextInit {
  const { security } = sandbox;
  return {
    namespaceOptions: {
      ...sharedNamespaces(sandbox),
      pid: sandbox.hostPid
        ? NamespaceMode.NODE
        : sandbox.shareProcessNamespace
          ? NamespaceMode.POD
          : NamespaceMode.CONTAINER,
    },
    readonlyRootfs: security.readOnlyRootFilesystem,
    ...identity(security),
    privileged: security.privileged,
    ...profiles(security),
  };
}

/** The same of a container in it. */
export function containerSecurity(
  security: SecurityConfig,
  pid: Namespace,
  sandbox: SandboxConfig,
): LinuxContainerSecurityContextInit {
  return {
    capabilities: {
      addCapabilities: [...security.addCapabilities],
      dropCapabilities: [...security.dropCapabilities],
    },
    privileged: security.privileged,
    namespaceOptions: { ...sharedNamespaces(sandbox), ...pidNamespace(pid) },
    runAsUsername: security.runAsUserName,
    readonlyRootfs: security.readOnlyRootFilesystem,
    ...identity(security),
    noNewPrivs: security.noNewPrivileges,
    maskedPaths: [...security.maskedPaths],
    readonlyPaths: [...security.readonlyPaths],
    ...profiles(security),
  };
}

function sharedNamespaces({ hostNetwork, hostIpc }: SandboxConfig): NamespaceOptionInit {
  return {
    network: hostNetwork ? NamespaceMode.NODE : NamespaceMode.POD,
    ipc: hostIpc ? NamespaceMode.NODE : NamespaceMode.POD,
  };
}

function pidNamespace(mode: Namespace): NamespaceOptionInit {
  switch (mode) {
    case 'pod':
      return { pid: NamespaceMode.POD };
    case 'container':
      return { pid: NamespaceMode.CONTAINER };
    case 'node':
      return { pid: NamespaceMode.NODE };
    default:
      return { pid: NamespaceMode.TARGET, targetId: mode.targetContainerId };
  }
}

function identity({ runAsUser, runAsGroup, supplementalGroups }: SecurityConfig) {
  return {
    runAsUser: runAsUser === null ? undefined : { value: runAsUser },
    // A group without a user is refused by runtimes; the kubelet has refused it before.
    runAsGroup: runAsGroup === null ? undefined : { value: runAsGroup },
    supplementalGroups: [...supplementalGroups],
  };
}

/** Without a wish for seccomp there is none; without one for AppArmor the runtime's own profile counts, as Kubernetes has it. */
function profiles({ seccomp, apparmor }: SecurityConfig) {
  return {
    seccomp: profile(seccomp ?? { kind: 'unconfined', localhostRef: '' }),
    ...(apparmor === null ? {} : { apparmor: profile(apparmor) }),
  };
}

function profile({ kind, localhostRef }: SecurityProfile): SecurityProfileInit {
  const types = {
    'runtime-default': ProfileType.RuntimeDefault,
    unconfined: ProfileType.Unconfined,
    localhost: ProfileType.Localhost,
  };
  return { profileType: types[kind], localhostRef };
}
