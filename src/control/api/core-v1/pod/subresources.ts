import { cloneJson } from '../../../machinery/clone.js';
import type { FieldError } from '../../../machinery/field-errors.js';
import {
  type FieldPath,
  fieldPath,
  forbiddenField,
  invalidValue,
} from '../../../machinery/field-path.js';
import { quote } from '../../../machinery/quote.js';
import type { Container, Pod, ResourceRequirements } from '../../gen/core-v1.js';
import { changeDiff } from '../change-diff.js';
import type { FieldErrors } from '../field-checks.js';
import { sameMeaning } from '../semantic.js';
import { checkPodAnnotationsUpdate, mirrorPodAnnotation } from './annotations.js';
import { isSidecar } from './containers.js';
import { checkPodContent } from './content.js';
import { qosClassOf } from './qos.js';

const specPath = fieldPath('spec');
const nowhere = fieldPath('');

/** A write of a pod's `ephemeralcontainers`: containers can be added, and those that are there stay as they are. */
export function validateEphemeralContainersUpdate(pod: Pod, old: Pod): readonly FieldError[] {
  const errors: FieldErrors = [];
  if (old.metadata.annotations?.[mirrorPodAnnotation] !== undefined) {
    return [forbiddenField(nowhere, 'static pods do not support ephemeral containers')];
  }
  checkPodContent(pod, old.spec, errors);
  const annotations = fieldPath('metadata', 'annotations');
  checkPodAnnotationsUpdate(pod.metadata, old.metadata, annotations, errors);
  const path = specPath.child('ephemeralContainers');
  const after = new Map(pod.spec?.ephemeralContainers?.map((one) => [one.name ?? '', one]));
  for (const before of old.spec?.ephemeralContainers ?? []) {
    const name = quote(before.name ?? '');
    const container = after.get(before.name ?? '');
    if (container === undefined) {
      const text = `existing ephemeral containers ${name} may not be removed\n`;
      errors.push(forbiddenField(path, text));
    } else if (!sameMeaning(before, container)) {
      const text = `existing ephemeral containers ${name} may not be changed\n${changeDiff(before, container)}`;
      errors.push(forbiddenField(path, text));
    }
  }
  return errors;
}

/** A write of a pod's `resize`: only amounts of CPU and memory can change, and none can go. */
export function validatePodResize(pod: Pod, old: Pod): readonly FieldError[] {
  if (old.metadata.annotations?.[mirrorPodAnnotation] !== undefined) {
    return [forbiddenField(nowhere, 'static pods cannot be resized')];
  }
  if (old.spec?.os?.name === 'windows') {
    return [forbiddenField(nowhere, 'windows pods cannot be resized')];
  }
  const errors: FieldErrors = [];
  checkPodContent(pod, old.spec, errors);
  checkResizable(pod, old, errors);
  checkPodLevel(pod, old, errors);
  if (!checkSameContainers(pod, old, errors)) return errors;
  for (const list of ['initContainers', 'containers'] as const) {
    old.spec?.[list]?.forEach((before, at) => {
      const path = specPath.child(list).index(at).child('resources');
      checkNothingRemoved(pod.spec?.[list]?.[at]?.resources, before.resources, path, errors);
    });
  }
  checkOnlyResized(pod, old, errors);
  return errors;
}

function checkResizable(pod: Pod, old: Pod, errors: FieldErrors): void {
  const before = old.status?.qosClass || qosClassOf(old.spec ?? {});
  if (before !== qosClassOf(pod.spec ?? {})) {
    const text = 'Pod QOS Class may not change as a result of resizing';
    errors.push(invalidValue(specPath, pod.status?.qosClass ?? '', text));
  }
  const running = old.status?.containerStatuses?.find(({ state }) => state?.running);
  if (running !== undefined && running.resources === undefined) {
    errors.push(forbiddenField(specPath, 'Pod running on node without support for resize'));
  }
  if (old.status?.nodeAllocatableResourceClaimStatuses?.length) {
    const text = 'pods with node allocatable resource claims cannot be resized';
    errors.push(forbiddenField(specPath, text));
  }
}

function checkPodLevel(pod: Pod, old: Pod, errors: FieldErrors): void {
  const before = old.spec?.resources;
  const after = pod.spec?.resources;
  const path = specPath.child('resources');
  if (before !== undefined && after === undefined) {
    errors.push(forbiddenField(path, 'pod-level resources cannot be removed'));
    return;
  }
  for (const kind of ['requests', 'limits'] as const) {
    if (!isAnyRemoved(after?.[kind], before?.[kind])) continue;
    const text = `pod-level resource ${kind} cannot be removed`;
    errors.push(forbiddenField(path.child(kind), text));
  }
  if (!sameMeaning(withOldCompute(after, before), before)) {
    const text = 'only cpu and memory resources are mutable at pod-level';
    errors.push(forbiddenField(specPath, text));
  }
}

function checkSameContainers(pod: Pod, old: Pod, errors: FieldErrors): boolean {
  const count = errors.length;
  for (const list of ['containers', 'initContainers'] as const) {
    const before = old.spec?.[list] ?? [];
    const after = pod.spec?.[list] ?? [];
    const path = specPath.child(list);
    if (before.length !== after.length) {
      errors.push(forbiddenField(path, `${list} may not be added or removed on resize`));
    } else {
      before.forEach(({ name }, at) => {
        if (after[at]?.name === name) return;
        const text = `${list} may not be renamed or reordered on resize`;
        errors.push(forbiddenField(path.index(at).child('name'), text));
      });
    }
  }
  return errors.length === count;
}

function checkNothingRemoved(
  resources: ResourceRequirements | undefined,
  old: ResourceRequirements | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const kind of ['requests', 'limits'] as const) {
    if (!isAnyRemoved(resources?.[kind], old?.[kind])) continue;
    errors.push(forbiddenField(path.child(kind), `resource ${kind} cannot be removed`));
  }
}

type List = Readonly<Record<string, string>> | undefined;

function isAnyRemoved(list: List, old: List): boolean {
  return Object.keys(old ?? {}).some((name) => list?.[name] === undefined);
}

/** With the amounts of CPU and memory that there were, the pod must be the one that there was. */
function checkOnlyResized(pod: Pod, old: Pod, errors: FieldErrors): void {
  const spec = cloneJson(pod.spec ?? {});
  const before = old.spec ?? {};
  spec.containers?.forEach((container, at) => {
    maskCompute(container, before.containers?.[at]);
    if (sameMeaning(container, before.containers?.[at])) return;
    errors.push(forbiddenField(specPath, 'only cpu and memory resources are mutable'));
  });
  spec.initContainers?.forEach((container, at) => {
    const path = specPath.child('initContainers').index(at);
    const was = before.initContainers?.[at];
    const isChanged = !sameMeaning(container, was);
    maskCompute(container, was);
    if (!sameMeaning(container, was)) {
      const text = 'only cpu and memory resources for init or sidecar containers are mutable';
      errors.push(forbiddenField(path, text));
    }
    if (isChanged && !isSidecar(container)) checkNeedsNoRestart(container, path, errors);
  });
  if (errors.length > 0) return;
  const resources = withOldCompute(spec.resources, before.resources);
  if (resources === undefined) delete spec.resources;
  else spec.resources = resources;
  if (sameMeaning(spec, before)) return;
  errors.push(forbiddenField(specPath, 'only cpu and memory resources are mutable'));
}

function checkNeedsNoRestart(container: Container, path: FieldPath, errors: FieldErrors): void {
  for (const { restartPolicy } of container.resizePolicy ?? []) {
    if (restartPolicy !== 'RestartContainer') continue;
    const text =
      'non-sidecar init containers with a resize policy of RestartContainer cannot be resized';
    errors.push(forbiddenField(path, text));
  }
}

function maskCompute(container: Container, old: Container | undefined): void {
  const resources = withOldCompute(container.resources ?? {}, old?.resources);
  if (resources !== undefined) container.resources = resources;
}

/** The same requirements with the amounts of CPU and memory of the old ones; undefined when nothing is left. */
function withOldCompute(
  resources: ResourceRequirements | undefined,
  old: ResourceRequirements | undefined,
): ResourceRequirements | undefined {
  if (resources === undefined) return undefined;
  const masked: ResourceRequirements = { ...resources };
  for (const kind of ['requests', 'limits'] as const) {
    const list = { ...resources[kind] };
    for (const name of ['cpu', 'memory']) {
      const amount = old?.[kind]?.[name];
      if (amount === undefined) delete list[name];
      else list[name] = amount;
    }
    if (Object.keys(list).length > 0) masked[kind] = list;
    else delete masked[kind];
  }
  return old === undefined && sameMeaning(masked, {}) ? undefined : masked;
}
