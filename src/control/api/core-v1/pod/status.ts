import type { FieldError } from '../../../machinery/field-errors.js';
import {
  duplicate,
  type FieldPath,
  fieldPath,
  forbiddenField,
  invalidValue,
} from '../../../machinery/field-path.js';
import { validateImmutable } from '../../../machinery/immutable.js';
import type { Container, Pod, PodSpec } from '../../gen/core-v1.js';
import {
  checkDnsSubdomain,
  checkQualifiedName,
  type FieldErrors,
  isUnset,
} from '../field-checks.js';
import { checkDualStack, checkIp } from '../ip-rules.js';
import { checkPodAnnotationsUpdate } from './annotations.js';
import { checkStatusResources, checkStatusUsers } from './container-status.js';

const statusPath = fieldPath('status');
const systemConditions = new Set(['PodScheduled', 'Ready', 'Initialized']);

/** A new status of a pod: what has ended for good stays ended, and the class of service does not change. */
export function validatePodStatusUpdate(pod: Pod, old: Pod): readonly FieldError[] {
  const errors: FieldErrors = [];
  const annotations = fieldPath('metadata', 'annotations');
  checkPodAnnotationsUpdate(pod.metadata, old.metadata, annotations, errors);
  checkConditions(pod, errors);
  checkNodes(pod, old, errors);
  if ((pod.status?.observedGeneration ?? 0) < 0) {
    const value = pod.status?.observedGeneration;
    const path = statusPath.child('observedGeneration');
    errors.push(invalidValue(path, value, 'must be a non-negative integer'));
  }
  const qosPath = statusPath.child('qosClass');
  errors.push(
    ...validateImmutable(pod.status?.qosClass ?? '', old.status?.qosClass ?? '', qosPath),
  );
  checkTransitions(pod, old, errors);
  checkClaimStatuses(pod, errors);
  checkPodIps(pod, old, errors);
  checkHostIps(pod, old, errors);
  for (const { list, containers } of statusLists) {
    const path = statusPath.child(list);
    checkStatusUsers(pod.status?.[list], pod.spec?.os?.name ?? 'linux', path, errors);
    checkStatusResources(pod.status?.[list], containers && pod.spec?.[containers], path, errors);
  }
  return errors;
}

const statusLists = [
  { list: 'containerStatuses', containers: 'containers' },
  { list: 'initContainerStatuses', containers: 'initContainers' },
  { list: 'ephemeralContainerStatuses', containers: undefined },
] as const;

function checkConditions({ status }: Pod, errors: FieldErrors): void {
  status?.conditions?.forEach(({ type = '', observedGeneration = 0 }, at) => {
    const path = statusPath.child('conditions').index(at);
    if (observedGeneration < 0) {
      const text = 'must be a non-negative integer';
      errors.push(invalidValue(path.child('observedGeneration'), observedGeneration, text));
    }
    if (!systemConditions.has(type)) checkQualifiedName(type, path.child('Type'), errors);
  });
}

function checkNodes(pod: Pod, old: Pod, errors: FieldErrors): void {
  if ((pod.spec?.nodeName ?? '') !== (old.spec?.nodeName ?? '')) {
    errors.push(forbiddenField(statusPath.child('nodeName'), 'may not be changed directly'));
  }
  const nominated = pod.status?.nominatedNodeName;
  if (isUnset(nominated) || nominated === old.status?.nominatedNodeName) return;
  const path = statusPath.child('nominatedNodeName');
  checkDnsSubdomain(nominated, path, errors);
  if (old.spec?.nodeName) {
    errors.push(forbiddenField(path, 'may not be set on pods that are already bound to a node'));
  }
}

function checkTransitions(pod: Pod, old: Pod, errors: FieldErrors): void {
  const spec = old.spec ?? {};
  for (const { list, containers } of statusLists) {
    if (containers !== undefined && restartsAll(spec)) continue;
    old.status?.[list]?.forEach(({ name, state }, at) => {
      if (state?.terminated === undefined) return;
      const after = pod.status?.[list]?.find((status) => status.name === name);
      if (after === undefined || after.state?.terminated !== undefined) return;
      const container = containers && spec[containers]?.find((one) => one.name === name);
      if (container && restarts(container, spec, state.terminated.exitCode ?? 0)) return;
      const text = 'may not be transitioned to non-terminated state';
      errors.push(forbiddenField(statusPath.child(list).index(at).child('state'), text));
    });
  }
}

/** Whether an exit of some container starts all of them again. */
function restartsAll(spec: PodSpec): boolean {
  return [...(spec.containers ?? []), ...(spec.initContainers ?? [])].some((container) =>
    container.restartPolicyRules?.some(({ action }) => action === 'RestartAllContainers'),
  );
}

/** Whether a container that ended so is started again: by its rules, its own policy, or the pod's. */
function restarts(container: Container, spec: PodSpec, exitCode: number): boolean {
  for (const { exitCodes } of container.restartPolicyRules ?? []) {
    const isListed = exitCodes?.values?.includes(exitCode) ?? false;
    if (exitCodes?.operator === 'In' ? isListed : exitCodes?.operator === 'NotIn' && !isListed) {
      return true;
    }
  }
  const policy = container.restartPolicy ?? spec.restartPolicy;
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
}

function checkClaimStatuses({ status, spec }: Pod, errors: FieldErrors): void {
  const known = new Set(spec?.resourceClaims?.map((claim) => claim.name ?? ''));
  const seen = new Set<string>();
  status?.resourceClaimStatuses?.forEach(({ name = '', resourceClaimName }, at) => {
    const path = statusPath.child('resourceClaimStatuses').index(at);
    if (!known.has(name)) {
      const text = 'must match the name of an entry in `spec.resourceClaims`';
      errors.push(invalidValue(path.child('name'), name, text));
    }
    if (seen.has(name)) errors.push(duplicate(path.child('name'), name));
    seen.add(name);
    if (resourceClaimName === undefined) return;
    checkDnsSubdomain(resourceClaimName, path.child('resourceClaimName'), errors);
  });
}

function checkPodIps(pod: Pod, old: Pod, errors: FieldErrors): void {
  const list = pod.status?.podIPs ?? [];
  const path = statusPath.child('podIPs');
  checkIps(ipsOf(list), ipsOf(old.status?.podIPs), list, path, errors);
}

function checkHostIps(pod: Pod, old: Pod, errors: FieldErrors): void {
  const list = pod.status?.hostIPs ?? [];
  const path = statusPath.child('hostIPs');
  const first = list[0]?.ip ?? '';
  if (list.length > 0 && (pod.status?.hostIP ?? '') !== first) {
    errors.push(invalidValue(path.index(0).child('ip'), first, 'must be equal to `hostIP`'));
  }
  checkIps(ipsOf(list), ipsOf(old.status?.hostIPs), list, path, errors);
}

function ipsOf(list: readonly { readonly ip?: string }[] | undefined): string[] {
  return (list ?? []).map(({ ip }) => ip ?? '');
}

function checkIps(
  ips: readonly string[],
  kept: readonly string[],
  list: readonly { readonly ip?: string }[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  ips.forEach((ip, at) => {
    checkIp(ip, path.index(at), errors, kept);
  });
  checkDualStack(
    ips,
    list.map(({ ip }) => ({ IP: ip ?? '' })),
    path,
    errors,
  );
}
