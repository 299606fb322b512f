import type { Pod } from '../../api/gen/core-v1.js';
import { runtimeLabels } from '../pods/runtime-labels.js';
import type { DnsConfig, PortMapping, SandboxConfig } from '../runtime/container-runtime.js';
import { podHostname } from './hosts-file.js';
import { sandboxSecurity } from './security.js';

/** What the runtime is asked to make for a pod's containers to share. Pure. */
export function sandboxConfig(
  pod: Pod,
  parts: {
    readonly attempt: number;
    readonly dns: DnsConfig | null;
    readonly logDirectory: string;
    readonly cgroupParent: string;
    readonly clusterDomain: string;
    readonly nodeName: string;
    readonly runtimeHandler: string;
  },
): SandboxConfig {
  const { name = '', namespace = '', uid = '', annotations = {} } = pod.metadata;
  const { spec = {} } = pod;
  const { hostname, domain } = podHostname(pod, parts.clusterDomain);
  const isFqdn = spec.setHostnameAsFQDN === true && domain !== '';
  const isOfHost = spec.hostNetwork === true;
  return {
    ...{ name, namespace, uid, attempt: parts.attempt },
    hostname: isOfHost ? parts.nodeName : isFqdn ? `${hostname}.${domain}` : hostname,
    logDirectory: parts.logDirectory,
    dns: parts.dns,
    portMappings: isOfHost ? [] : portMappings(pod),
    labels: runtimeLabels(pod),
    annotations,
    cgroupParent: parts.cgroupParent,
    hostNetwork: isOfHost,
    hostPid: spec.hostPID === true,
    hostIpc: spec.hostIPC === true,
    shareProcessNamespace: spec.shareProcessNamespace === true,
    sysctls: Object.fromEntries(
      (spec.securityContext?.sysctls ?? []).map((each) => [each.name ?? '', each.value ?? '']),
    ),
    security: sandboxSecurity(pod),
    runtimeHandler: parts.runtimeHandler,
  };
}

function portMappings({ spec }: Pod): readonly PortMapping[] {
  const sidecars = (spec?.initContainers ?? []).filter((each) => each.restartPolicy === 'Always');
  return [...(spec?.containers ?? []), ...sidecars]
    .flatMap(({ ports = [] }) => ports)
    .filter(({ hostPort = 0 }) => hostPort > 0)
    .map(({ protocol = 'TCP', containerPort = 0, hostPort = 0, hostIP = '' }) => ({
      protocol: protocol === 'UDP' || protocol === 'SCTP' ? protocol : 'TCP',
      ...{ containerPort, hostPort, hostIp: hostIP },
    }));
}
