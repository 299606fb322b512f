import type {
  Container,
  Pod,
  PodSpec,
  PodStatus,
  PodTemplateSpec,
  Probe,
} from '../../gen/core-v1.js';
import { roundAmounts, roundRequirements } from '../amounts.js';
import { setVolumeDefaults } from '../volumes/defaults.js';
import { allContainers } from './containers.js';
import { defaultPullPolicy } from './image-name.js';
import { setPodResourceDefaults } from './resource-defaults.js';

const gracePeriodSeconds = 30;

/** Fills in a pod's spec, its own or a template's. */
export function setPodSpecDefaults(spec: PodSpec): void {
  spec.dnsPolicy ||= 'ClusterFirst';
  spec.restartPolicy ||= 'Always';
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= gracePeriodSeconds;
  spec.schedulerName ||= 'default-scheduler';
  setServiceAccount(spec);
  roundRequirements(spec.resources);
  roundAmounts(spec.overhead);
  for (const volume of spec.volumes ?? []) setVolumeDefaults(volume);
  for (const container of allContainers(spec)) setContainerDefaults(container);
}

/** The account has an old name and a new one; what is set as either is there as both, and the new one wins. */
function setServiceAccount(spec: PodSpec): void {
  const name = spec.serviceAccountName || spec.serviceAccount;
  if (!name) return;
  if (spec.serviceAccountName !== name) spec.serviceAccountName = name;
  if (spec.serviceAccount !== name) spec.serviceAccount = name;
}

/** Fills in the pod that a template describes. */
export function setPodTemplateDefaults(template: PodTemplateSpec | undefined): void {
  if (template === undefined) return;
  template.spec ??= {};
  setPodSpecDefaults(template.spec);
}

/** Fills in a pod; some of it is not filled in in templates, lest their objects change with each release. */
export function setPodDefaults(pod: Pod): void {
  pod.spec ??= {};
  const { spec } = pod;
  setPodSpecDefaults(spec);
  setPodResourceDefaults(spec);
  spec.enableServiceLinks ??= true;
  if (pod.status) setAddresses(pod.status);
  if (spec.hostNetwork) {
    for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
      for (const port of container.ports ?? []) {
        if (port.containerPort) port.hostPort ||= port.containerPort;
      }
    }
  }
}

/** The first address of a pod and of its node has a field of its own, which was there first and wins. */
function setAddresses(status: PodStatus): void {
  if (status.podIP && status.podIPs?.[0]?.ip !== status.podIP) {
    status.podIPs = [{ ip: status.podIP }];
  }
  const first = status.podIPs?.[0]?.ip;
  if (first && status.podIP !== first) status.podIP = first;
  if (status.hostIP && !status.hostIPs?.length) status.hostIPs = [{ ip: status.hostIP }];
}

function setContainerDefaults(container: Container): void {
  container.imagePullPolicy ||= defaultPullPolicy(container.image);
  container.terminationMessagePath ||= '/dev/termination-log';
  container.terminationMessagePolicy ||= 'File';
  roundRequirements(container.resources);
  for (const port of container.ports ?? []) port.protocol ||= 'TCP';
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.fieldRef) valueFrom.fieldRef.apiVersion ||= 'v1';
    if (valueFrom?.fileKeyRef) valueFrom.fileKeyRef.optional ??= false;
  }
  for (const kind of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    const probe = container[kind];
    if (probe !== undefined) setProbeDefaults(probe);
  }
  for (const kind of ['postStart', 'preStop'] as const) {
    const httpGet = container.lifecycle?.[kind]?.httpGet;
    if (httpGet !== undefined) setHttpGetDefaults(httpGet);
  }
}

function setProbeDefaults(probe: Probe): void {
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  if (probe.httpGet) setHttpGetDefaults(probe.httpGet);
  if (probe.grpc) probe.grpc.service ??= '';
}

function setHttpGetDefaults(httpGet: NonNullable<Probe['httpGet']>): void {
  httpGet.path ||= '/';
  httpGet.scheme ||= 'HTTP';
}
