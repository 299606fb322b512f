import {
  NamespaceMode,
  type PodSandboxConfigInit,
  PodSandboxState,
  type PodSandboxStatus,
  Protocol,
} from '../../../../wire/gen/runtime.js';
import type { SandboxConfig, SandboxState } from '../container-runtime.js';
import { entriesOf, millisecondsOf, recordOf } from './map-entries.js';
import { sandboxSecurity } from './security-messages.js';

/** A sandbox as the interface asks for it. */
export function sandboxMessage(sandbox: SandboxConfig): PodSandboxConfigInit {
  const { name, uid, namespace, attempt, dns } = sandbox;
  return {
    metadata: { name, uid, namespace, attempt },
    // With the node's network a sandbox has the node's name too.
    hostname: sandbox.hostNetwork ? '' : sandbox.hostname,
    logDirectory: sandbox.logDirectory,
    dnsConfig:
      dns === null
        ? undefined
        : { servers: [...dns.servers], searches: [...dns.searches], options: [...dns.options] },
    portMappings: sandbox.portMappings.map(({ protocol, containerPort, hostPort, hostIp }) => ({
      protocol: Protocol[protocol],
      ...{ containerPort, hostPort, hostIp },
    })),
    labels: entriesOf(sandbox.labels),
    annotations: entriesOf(sandbox.annotations),
    linux: {
      cgroupParent: sandbox.cgroupParent,
      securityContext: sandboxSecurity(sandbox),
      sysctls: entriesOf(sandbox.sysctls),
    },
  };
}

/** What the runtime says of a sandbox. */
export function sandboxStateOf(status: PodSandboxStatus): SandboxState {
  const { metadata, network } = status;
  const ips = [network?.ip ?? '', ...(network?.additionalIps ?? []).map(({ ip }) => ip)];
  const isOfHost = status.linux?.namespaces?.options?.network === NamespaceMode.NODE;
  return {
    id: status.id,
    name: metadata?.name ?? '',
    namespace: metadata?.namespace ?? '',
    uid: metadata?.uid ?? '',
    attempt: metadata?.attempt ?? 0,
    isReady: status.state === PodSandboxState.SANDBOX_READY,
    createdAtMs: millisecondsOf(status.createdAt),
    ips: isOfHost ? [] : ips.filter((ip) => ip !== ''),
    labels: recordOf(status.labels),
    annotations: recordOf(status.annotations),
  };
}
