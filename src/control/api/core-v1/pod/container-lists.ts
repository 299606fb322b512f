import {
  duplicate,
  type FieldPath,
  forbiddenField,
  invalidValue,
  notFoundValue,
  required,
} from '../../../machinery/field-path.js';
import type { Container, EphemeralContainer, PodSpec } from '../../gen/core-v1.js';
import { type FieldErrors, isZero } from '../field-checks.js';
import { type ContainerSurroundings, checkContainer, checkImageText } from './container.js';
import { isSidecar } from './containers.js';
import { checkLifecycle, checkProbes } from './handlers.js';
import { checkHostPortConflicts } from './ports.js';
import { checkRestartRules } from './restart-rules.js';

/** The containers that are what the pod is for: there is at least one. */
export function checkRegularContainers(
  spec: PodSpec,
  pod: ContainerSurroundings,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const containers = spec.containers ?? [];
  if (containers.length === 0) {
    errors.push(required(path, ''));
    return;
  }
  const names = new Set<string>();
  containers.forEach((container, at) => {
    const entry = path.index(at);
    checkContainer(container, pod, entry, errors);
    const { name = '' } = container;
    if (names.has(name)) errors.push(duplicate(entry.child('name'), name));
    names.add(name);
    checkService(container, spec, entry, errors);
    checkRestartRules(container, entry, errors);
  });
  checkHostPortConflicts(containers, path, errors);
}

/** What only goes with containers that run on. */
function checkService(
  container: Container,
  spec: PodSpec,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const gracePeriod = spec.terminationGracePeriodSeconds;
  if (container.lifecycle) {
    const pod = { gracePeriod, os: spec.os };
    checkLifecycle(container.lifecycle, pod, path.child('lifecycle'), errors);
  }
  checkProbes(container, gracePeriod, path, errors);
}

const serviceFields = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const;

/** The containers that run before the others, and the sidecars among them, which go on. */
export function checkInitContainers(
  spec: PodSpec,
  old: PodSpec | undefined,
  pod: ContainerSurroundings,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const names = new Set(spec.containers?.map((container) => container.name ?? ''));
  spec.initContainers?.forEach((container, at) => {
    const entry = path.index(at);
    checkContainer(container, pod, entry, errors);
    checkRestartRules(container, entry, errors);
    const { name = '' } = container;
    if (names.has(name)) errors.push(duplicate(entry.child('name'), name));
    else if (name !== '') names.add(name);
    checkHostPortConflicts([container], path, errors);
    if (isSidecar(container)) checkService(container, spec, entry, errors);
    else checkRunsOnce(container, hasRestartingResize(old), entry, errors);
  });
}

function checkRunsOnce(
  container: Container,
  allowsRestart: boolean,
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const field of serviceFields) {
    if (container[field] === undefined) continue;
    const text = 'may not be set for init containers without restartPolicy=Always';
    errors.push(forbiddenField(path.child(field), text));
  }
  if (allowsRestart) return;
  container.resizePolicy?.forEach(({ restartPolicy }, at) => {
    if (restartPolicy !== 'RestartContainer') return;
    const text = "must not be set to 'RestartContainer' for non-sidecar initContainers";
    const entry = path.child('resizePolicy').index(at).child('restartPolicy');
    errors.push(invalidValue(entry, restartPolicy, text));
  });
}

function hasRestartingResize(old: PodSpec | undefined): boolean {
  return (old?.initContainers ?? []).some(
    (container) =>
      !isSidecar(container) &&
      container.resizePolicy?.some((policy) => policy.restartPolicy === 'RestartContainer'),
  );
}

/** What containers may have that are relied on, or are there from the start. */
const lastingFields = [
  'ports',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const;

const notEphemeral = 'cannot be set for an Ephemeral Container';

/** Containers that are added to a running pod to look into it. */
export function checkEphemeralContainers(
  spec: PodSpec,
  pod: ContainerSurroundings,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const others = new Set(
    [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ name }) => name ?? ''),
  );
  const names = new Set(others);
  spec.ephemeralContainers?.forEach((container, at) => {
    const entry = path.index(at);
    const { name = '', targetContainerName = '' } = container;
    checkContainer(container, pod, entry, errors);
    checkImageText(container.image, entry, errors);
    if (names.has(name)) errors.push(duplicate(entry.child('name'), name));
    names.add(name);
    if (targetContainerName !== '' && !others.has(targetContainerName)) {
      errors.push(notFoundValue(entry.child('targetContainerName'), targetContainerName));
    }
    checkEphemeralFields(container, entry, errors);
  });
}

function checkEphemeralFields(
  container: EphemeralContainer,
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const field of lastingFields) {
    if (!isZero(container[field])) errors.push(forbiddenField(path.child(field), notEphemeral));
  }
  container.volumeMounts?.forEach((mount, at) => {
    for (const field of ['subPath', 'subPathExpr'] as const) {
      if (!mount[field]) continue;
      errors.push(forbiddenField(path.child('volumeMounts').index(at).child(field), notEphemeral));
    }
  });
}
