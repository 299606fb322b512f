import {
  type FieldPath,
  forbiddenField,
  invalidValue,
  notFoundValue,
  required,
} from '../../../machinery/field-path.js';
import { validateLabels } from '../../../machinery/labels.js';
import type { ObjectMeta } from '../../../machinery/object.js';
import type { PodSpec } from '../../gen/core-v1.js';
import {
  checkDnsLabel,
  checkDnsSubdomain,
  checkOneOf,
  checkQualifiedName,
  checkRange,
  type FieldErrors,
  isUnset,
} from '../field-checks.js';
import { checkContainerResourceName, checkRequirements } from '../resource-rules.js';
import { checkVolumes } from '../volumes/pod-volumes.js';
import { checkAffinity } from './affinity.js';
import type { ContainerSurroundings } from './container.js';
import {
  checkEphemeralContainers,
  checkInitContainers,
  checkRegularContainers,
} from './container-lists.js';
import { visitContainers } from './containers.js';
import { checkDnsConfig, checkHostAliases, checkHostnameOverride } from './dns.js';
import type { PodRuleOptions } from './options.js';
import { checkLinuxFields, checkWindowsFields } from './os-fields.js';
import { checkPodResources, hasPartialHugePages } from './pod-resources.js';
import { checkHostNetworkPorts } from './ports.js';
import { checkResourceClaims, claimNamesOf } from './resource-claims.js';
import { checkSchedulingGates } from './scheduling-gates.js';
import { checkOs, checkPodSecurityContext } from './security-context.js';
import { checkTolerations } from './tolerations.js';
import { checkTopologySpread } from './topology-spread.js';
import { checkHostProcess } from './windows.js';

const restartPolicies = ['Always', 'OnFailure', 'Never'];
const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const preemptionPolicies = ['PreemptLowerPriority', 'Never'];

/** A pod's spec, its own or a template's; `meta` is the pod's, absent for a template. */
export function checkPodSpec(
  spec: PodSpec,
  meta: ObjectMeta | undefined,
  options: PodRuleOptions,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (spec.terminationGracePeriodSeconds === undefined) {
    errors.push(required(path.child('terminationGracePeriodSeconds'), ''));
  }
  const pod = checkParts(spec, meta, options, path, errors);
  checkPodResources(
    spec,
    pod.claimNames,
    pod.allowsPartialHugePages,
    path.child('resources'),
    errors,
  );
  checkHostNetworkPorts(spec, options, path, errors);
  checkOneOf(spec.restartPolicy, restartPolicies, path.child('restartPolicy'), errors);
  checkOneOf(spec.dnsPolicy, dnsPolicies, path.child('dnsPolicy'), errors);
  errors.push(...validateLabels(spec.nodeSelector, path.child('nodeSelector')));
  checkPodSecurityContext(spec, options.old, path.child('securityContext'), errors);
  checkAffinity(spec.affinity, options.old?.affinity, path.child('affinity'), errors);
  checkDnsConfig(spec.dnsConfig, spec.dnsPolicy, path.child('dnsConfig'), errors);
  spec.readinessGates?.forEach(({ conditionType = '' }, at) => {
    checkQualifiedName(
      conditionType,
      path.child('readinessGates').index(at).child('conditionType'),
      errors,
    );
  });
  checkSchedulingGates(spec.schedulingGates, path.child('schedulingGates'), errors);
  const spreadPath = path.child('topologySpreadConstraints');
  checkTopologySpread(spec.topologySpreadConstraints, spreadPath, errors);
  checkHostProcess(spec, path, errors);
  checkHostUsers(spec, options.old, path, errors);
  checkHostnameOverride(spec, path, errors);
  checkNames(spec, path, errors);
  checkTolerations(spec.tolerations, path.child('tolerations'), errors);
  checkHostAliases(spec.hostAliases, path.child('hostAliases'), errors);
  checkScheduling(spec, pod, path, errors);
  checkForOs(spec, path, errors);
  checkFileKeyVolumes(spec, path, errors);
}

/** Volumes, claims and containers. */
function checkParts(
  spec: PodSpec,
  meta: ObjectMeta | undefined,
  { old }: PodRuleOptions,
  path: FieldPath,
  errors: FieldErrors,
): ContainerSurroundings {
  const podName = meta?.name ?? '';
  const pod: ContainerSurroundings = {
    volumes: checkVolumes(spec.volumes, podName, path.child('volumes'), errors),
    claimNames: claimNamesOf(spec.resourceClaims),
    podRestartPolicy: spec.restartPolicy,
    usesHostUsers: spec.hostUsers !== false,
    allowsPartialHugePages: hasPartialHugePages(old),
  };
  checkResourceClaims(spec.resourceClaims, meta, path.child('resourceClaims'), errors);
  checkRegularContainers(spec, pod, path.child('containers'), errors);
  checkInitContainers(spec, old, pod, path.child('initContainers'), errors);
  checkEphemeralContainers(spec, pod, path.child('ephemeralContainers'), errors);
  return pod;
}

/** A pod whose users are not the node's must not share other things with the node. */
function checkHostUsers(
  spec: PodSpec,
  old: PodSpec | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (spec.hostUsers !== false) return;
  const text = 'when `hostUsers` is false';
  if (spec.hostNetwork) errors.push(forbiddenField(path.child('hostNetwork'), text));
  if (spec.hostPID) errors.push(forbiddenField(path.child('HostPID'), text));
  if (spec.hostIPC) errors.push(forbiddenField(path.child('HostIPC'), text));
  if (old?.hostUsers === false && hasVolumeDevices(old)) return;
  visitContainers(spec, path, (container, at) => {
    if (container.volumeDevices?.length)
      errors.push(forbiddenField(at.child('volumeDevices'), text));
  });
}

function hasVolumeDevices(spec: PodSpec): boolean {
  return [
    ...(spec.containers ?? []),
    ...(spec.initContainers ?? []),
    ...(spec.ephemeralContainers ?? []),
  ].some((container) => container.volumeDevices?.length);
}

const deadlineMax = 2 ** 31 - 1;

function checkNames(spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  for (const field of ['serviceAccountName', 'nodeName'] as const) {
    const name = spec[field];
    if (!isUnset(name)) checkDnsSubdomain(name, path.child(field), errors);
  }
  if (spec.activeDeadlineSeconds !== undefined) {
    const at = path.child('activeDeadlineSeconds');
    checkRange(spec.activeDeadlineSeconds, [1, deadlineMax], at, errors);
  }
  for (const field of ['hostname', 'subdomain'] as const) {
    const name = spec[field];
    if (!isUnset(name)) checkDnsLabel(name, path.child(field), errors);
  }
}

function checkScheduling(
  spec: PodSpec,
  pod: ContainerSurroundings,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (!isUnset(spec.priorityClassName)) {
    checkDnsSubdomain(spec.priorityClassName, path.child('priorityClassName'), errors);
  }
  if (spec.runtimeClassName !== undefined) {
    checkDnsSubdomain(spec.runtimeClassName, path.child('runtimeClassName'), errors);
  }
  if (spec.preemptionPolicy !== undefined) {
    checkOneOf(spec.preemptionPolicy, preemptionPolicies, path.child('preemptionPolicy'), errors);
  }
  if (spec.overhead === undefined) return;
  const rules = { ...pod, claimNames: new Set<string>(), checkName: checkContainerResourceName };
  checkRequirements({ limits: spec.overhead }, rules, path.child('overhead'), errors);
}

function checkForOs(spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  if (spec.os === undefined || !checkOs(spec.os.name, path.child('os'), errors)) return;
  if (spec.os.name === 'linux') checkLinuxFields(spec, path, errors);
  else checkWindowsFields(spec, path, errors);
}

/** Variables that are read from a file need a volume that is emptied with the pod. */
function checkFileKeyVolumes(spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  const volumes = new Map(spec.volumes?.map((volume) => [volume.name ?? '', volume]));
  visitContainers(spec, path, (container, containerPath) => {
    container.env?.forEach(({ valueFrom }, at) => {
      if (valueFrom?.fileKeyRef === undefined) return;
      const { volumeName = '' } = valueFrom.fileKeyRef;
      const volume = volumes.get(volumeName);
      const entry = containerPath.child('env').index(at);
      const namePath = entry.child('valueFrom', 'fileKeyRef', 'volumeName');
      if (volume === undefined) errors.push(notFoundValue(namePath, volumeName));
      else if (volume.emptyDir === undefined) {
        const text = 'referenced volume must be of type emptyDir';
        errors.push(invalidValue(namePath, volumeName, text));
      }
    });
  });
}
