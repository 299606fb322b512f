import type { LifecycleHandler, Probe, SELinuxOptions } from '../../../api/gen/core-v1.js';
import {
  type CheckedPod,
  containersOf,
  containersText,
  namesWhere,
  type PodCheck,
  plural,
  quoted,
  settersText,
  sortedSet,
  type Violation,
  volumesOf,
} from './check.js';

const apparmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';

export const appArmorProfile: PodCheck = (pod) => {
  const isBad = (type: string | undefined) =>
    type !== undefined && type !== 'RuntimeDefault' && type !== 'Localhost';
  const podType = pod.spec.securityContext?.appArmorProfile?.type;
  const bad = containersOf(pod).filter(({ securityContext }) =>
    isBad(securityContext?.appArmorProfile?.type),
  );
  const values = sortedSet([
    ...(isBad(podType) ? [podType ?? ''] : []),
    ...bad.map(({ securityContext }) => securityContext?.appArmorProfile?.type ?? ''),
  ]);
  const annotations = Object.entries(pod.annotations)
    .filter(([key, value]) => key.startsWith(apparmorPrefix) && !isAllowedAppArmor(value))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .sort();
  values.push(...annotations);
  if (values.length === 0) return null;
  const setters = [
    settersText(
      isBad(podType),
      bad.map(({ name = '' }) => name),
    ),
    ...(annotations.length > 0 ? [plural('annotation', annotations.length)] : []),
  ].filter((text) => text !== '');
  return {
    reason: plural('forbidden AppArmor profile', values.length),
    detail: `${setters.join(' and ')} must not set AppArmor profile type to ${quoted(values)}`,
  };
};

function isAllowedAppArmor(profile: string): boolean {
  return profile === '' || profile === 'runtime/default' || profile.startsWith('localhost/');
}

const defaultCapabilities: ReadonlySet<string> = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]);

export const capabilitiesBaseline: PodCheck = (pod) => {
  const added = ({
    securityContext,
  }: {
    securityContext?: { capabilities?: { add?: string[] } };
  }) => (securityContext?.capabilities?.add ?? []).filter((name) => !defaultCapabilities.has(name));
  const bad = containersOf(pod).filter((container) => added(container).length > 0);
  if (bad.length === 0) return null;
  const names = bad.map(({ name = '' }) => name);
  return {
    reason: 'non-default capabilities',
    detail: `${containersText(names)} must not include ${quoted(sortedSet(bad.flatMap(added)))} in securityContext.capabilities.add`,
  };
};

export const hostNamespaces: PodCheck = ({ spec }) => {
  const shared = [
    ...(spec.hostNetwork === true ? ['hostNetwork=true'] : []),
    ...(spec.hostPID === true ? ['hostPID=true'] : []),
    ...(spec.hostIPC === true ? ['hostIPC=true'] : []),
  ];
  return shared.length === 0 ? null : { reason: 'host namespaces', detail: shared.join(', ') };
};

export const hostPathVolumes: PodCheck = (pod) => {
  const names = volumesOf(pod)
    .filter(({ hostPath }) => hostPath !== undefined)
    .map(({ name = '' }) => name);
  if (names.length === 0) return null;
  return {
    reason: 'hostPath volumes',
    detail: `${plural('volume', names.length)} ${quoted(names)}`,
  };
};

export const hostPorts: PodCheck = (pod) => {
  const portsOf = ({ ports }: { ports?: { hostPort?: number }[] }) =>
    (ports ?? []).map(({ hostPort = 0 }) => hostPort).filter((port) => port !== 0);
  const bad = containersOf(pod).filter((container) => portsOf(container).length > 0);
  if (bad.length === 0) return null;
  const ports = sortedSet(bad.flatMap(portsOf).map(String));
  const names = bad.map(({ name = '' }) => name);
  return {
    reason: 'hostPort',
    detail: `${containersText(names)} ${use(names)} ${plural('hostPort', ports.length)} ${ports.join(', ')}`,
  };
};

function use(names: readonly string[]): string {
  return names.length === 1 ? 'uses' : 'use';
}

export const hostProbesAndHostLifecycle: PodCheck = (pod) => {
  const bad = new Map<string, string[]>();
  for (const container of containersOf(pod)) {
    const handlers: readonly (Probe | LifecycleHandler | undefined)[] = [
      container.livenessProbe,
      container.readinessProbe,
      container.startupProbe,
      container.lifecycle?.postStart,
      container.lifecycle?.preStop,
    ];
    const hosts = handlers
      .flatMap((handler) => [handler?.httpGet?.host, handler?.tcpSocket?.host])
      .filter((host) => host !== undefined && host !== '') as string[];
    if (hosts.length > 0) bad.set(container.name ?? '', hosts);
  }
  if (bad.size === 0) return null;
  const names = sortedSet(bad.keys());
  const hosts = sortedSet([...bad.values()].flat());
  return {
    reason: 'probe or lifecycle host',
    detail: `${containersText(names)} ${use(names)} ${plural('probe or lifecycle host', hosts.length)} ${quoted(hosts)}`,
  };
};

export const privileged: PodCheck = (pod) => {
  const names = namesWhere(pod, ({ securityContext }) => securityContext?.privileged === true);
  if (names.length === 0) return null;
  return {
    reason: 'privileged',
    detail: `${containersText(names)} must not set securityContext.privileged=true`,
  };
};

export const procMount: PodCheck = (pod) => {
  const bad = containersOf(pod).filter(({ securityContext }) => {
    const mount = securityContext?.procMount;
    return mount !== undefined && mount !== 'Default';
  });
  if (bad.length === 0) return null;
  const types = sortedSet(bad.map(({ securityContext }) => securityContext?.procMount ?? ''));
  return {
    reason: 'procMount',
    detail: `${containersText(bad.map(({ name = '' }) => name))} must not set securityContext.procMount to ${quoted(types)}`,
  };
};

/** The check of SELinux options for a set of types that are allowed. */
export function seLinuxOptions(...types: readonly string[]): PodCheck {
  return (pod) => {
    const isBad = (options: SELinuxOptions | undefined) =>
      options !== undefined &&
      (((options.type ?? '') !== '' && !types.includes(options.type ?? '')) ||
        (options.user ?? '') !== '' ||
        (options.role ?? '') !== '');
    const podOptions = pod.spec.securityContext?.seLinuxOptions;
    const bad = containersOf(pod).filter(({ securityContext }) =>
      isBad(securityContext?.seLinuxOptions),
    );
    const all = [
      ...(isBad(podOptions) ? [podOptions] : []),
      ...bad.map(({ securityContext }) => securityContext?.seLinuxOptions),
    ];
    if (all.length === 0) return null;
    const badTypes = sortedSet(
      all
        .map((options) => options?.type ?? '')
        .filter((type) => type !== '' && !types.includes(type)),
    );
    const data = [
      ...(badTypes.length > 0 ? [`${plural('type', badTypes.length)} ${quoted(badTypes)}`] : []),
      ...(all.some((options) => (options?.user ?? '') !== '') ? ['user may not be set'] : []),
      ...(all.some((options) => (options?.role ?? '') !== '') ? ['role may not be set'] : []),
    ];
    const setters = settersText(
      isBad(podOptions),
      bad.map(({ name = '' }) => name),
    );
    return {
      reason: 'seLinuxOptions',
      detail: `${setters} set forbidden securityContext.seLinuxOptions: ${data.join('; ')}`,
    };
  };
}

const seccompPodKey = 'seccomp.security.alpha.kubernetes.io/pod';
const seccompContainerPrefix = 'container.seccomp.security.alpha.kubernetes.io/';

/** Up to 1.18 seccomp profiles were annotations. */
export const seccompAnnotations: PodCheck = (pod) => {
  const keys = [
    seccompPodKey,
    ...containersOf(pod).map(({ name = '' }) => seccompContainerPrefix + name),
  ];
  const forbidden = sortedSet(
    keys.flatMap((key) => {
      const value = pod.annotations[key];
      return value === undefined || isAllowedSeccompAnnotation(value)
        ? []
        : [`${key}=${JSON.stringify(value)}`];
    }),
  );
  if (forbidden.length === 0) return null;
  return {
    reason: 'seccompProfile',
    detail: `forbidden ${plural('annotation', forbidden.length)} ${forbidden.join(', ')}`,
  };
};

function isAllowedSeccompAnnotation(value: string): boolean {
  return (
    value === 'runtime/default' || value === 'docker/default' || value.startsWith('localhost/')
  );
}

export const seccompBaseline: PodCheck = (pod) => forbiddenSeccomp(pod);

/** The profiles that are set and must not be. */
export function forbiddenSeccomp(pod: CheckedPod): Violation | null {
  const isBad = (type: string | undefined) => type !== undefined && !isAllowedSeccomp(type);
  const podType = pod.spec.securityContext?.seccompProfile?.type;
  const bad = containersOf(pod).filter(({ securityContext }) =>
    isBad(securityContext?.seccompProfile?.type),
  );
  const values = sortedSet([
    ...(isBad(podType) ? [podType ?? ''] : []),
    ...bad.map(({ securityContext }) => securityContext?.seccompProfile?.type ?? ''),
  ]);
  if (values.length === 0) return null;
  const setters = settersText(
    isBad(podType),
    bad.map(({ name = '' }) => name),
  );
  return {
    reason: 'seccompProfile',
    detail: `${setters} must not set securityContext.seccompProfile.type to ${quoted(values)}`,
  };
}

export function isAllowedSeccomp(type: string | undefined): boolean {
  return type === 'RuntimeDefault' || type === 'Localhost';
}

/** The check of sysctls for those that are safe. */
export function sysctls(...safe: readonly string[]): PodCheck {
  return ({ spec }) => {
    const forbidden = (spec.securityContext?.sysctls ?? [])
      .map(({ name = '' }) => name)
      .filter((name) => !safe.includes(name));
    return forbidden.length === 0
      ? null
      : { reason: 'forbidden sysctls', detail: forbidden.join(', ') };
  };
}

export const windowsHostProcess: PodCheck = (pod) => {
  const isPod = pod.spec.securityContext?.windowsOptions?.hostProcess === true;
  const names = namesWhere(
    pod,
    ({ securityContext }) => securityContext?.windowsOptions?.hostProcess === true,
  );
  if (!isPod && names.length === 0) return null;
  return {
    reason: 'hostProcess',
    detail: `${settersText(isPod, names)} must not set securityContext.windowsOptions.hostProcess=true`,
  };
};
