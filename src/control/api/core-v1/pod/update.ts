import { cloneJson } from '../../../machinery/clone.js';
import { deepEqual } from '../../../machinery/deep-equal.js';
import type { FieldError } from '../../../machinery/field-errors.js';
import {
  type FieldPath,
  fieldPath,
  forbiddenField,
  invalidValue,
  required,
} from '../../../machinery/field-path.js';
import type { Container, Pod, PodSpec, Toleration } from '../../gen/core-v1.js';
import { changeDiff } from '../change-diff.js';
import { type FieldErrors, isUnset, rangeProblem } from '../field-checks.js';
import { sameMeaning } from '../semantic.js';
import { checkPodAnnotations, checkPodAnnotationsUpdate } from './annotations.js';
import { checkImageText } from './container.js';
import { checkPodContent } from './content.js';
import { maskGatedChanges } from './gated-update.js';
import { checkOnlyGatesRemoved } from './scheduling-gates.js';
import { checkTolerations } from './tolerations.js';

const specPath = fieldPath('spec');

const updatableFields = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');

/** An update of a pod: images, a shorter deadline, more tolerations and fewer scheduling gates are all that it may bring. */
export function validatePodUpdate(pod: Pod, old: Pod): readonly FieldError[] {
  const errors: FieldErrors = [];
  const spec = pod.spec ?? {};
  const oldSpec = old.spec ?? {};
  const annotations = fieldPath('metadata', 'annotations');
  if (isSpecKept(spec, oldSpec)) {
    checkPodAnnotations(pod.metadata.annotations, spec, annotations, errors);
    checkPodAnnotationsUpdate(pod.metadata, old.metadata, annotations, errors);
    return errors;
  }
  checkPodContent(pod, oldSpec, errors);
  checkPodAnnotationsUpdate(pod.metadata, old.metadata, annotations, errors);
  for (const list of ['containers', 'initContainers'] as const) {
    if (!checkImages(spec[list], oldSpec[list], specPath.child(list), errors)) return errors;
  }
  if (!checkDeadline(spec, oldSpec, specPath.child('activeDeadlineSeconds'), errors)) return errors;
  const tolerationsPath = specPath.child('tolerations');
  checkTolerationsAdded(spec.tolerations, oldSpec.tolerations, tolerationsPath, errors);
  const gatesPath = specPath.child('schedulingGates');
  checkOnlyGatesRemoved(spec.schedulingGates, oldSpec.schedulingGates, gatesPath, errors);
  checkRest(spec, oldSpec, errors);
  return errors;
}

/** What was good is good still, whatever else of the pod has changed. Claims are looked at together with the metadata. */
function isSpecKept(spec: PodSpec, old: PodSpec): boolean {
  return spec.resourceClaims === undefined && deepEqual(spec, old);
}

/** Returns whether the lists have the same length, without which nothing more can be said. */
function checkImages(
  containers: readonly Container[] = [],
  old: readonly Container[] = [],
  path: FieldPath,
  errors: FieldErrors,
): boolean {
  if (containers.length !== old.length) {
    errors.push(forbiddenField(path, 'pod updates may not add or remove containers'));
    return false;
  }
  containers.forEach(({ image }, at) => {
    if (isUnset(image)) errors.push(required(path.index(at).child('image'), ''));
    checkImageText(image, path.index(at), errors);
  });
  return true;
}

const secondsMax = 2 ** 31 - 1;

/** A deadline may be set and brought forward. Returns false when what was asked for cannot be judged further. */
function checkDeadline(
  { activeDeadlineSeconds: seconds }: PodSpec,
  { activeDeadlineSeconds: old }: PodSpec,
  path: FieldPath,
  errors: FieldErrors,
): boolean {
  if (seconds === undefined) {
    if (old !== undefined) {
      errors.push(invalidValue(path, null, 'must not update from a positive integer to nil value'));
    }
    return true;
  }
  const problem =
    seconds < 0 || seconds > secondsMax
      ? rangeProblem(0, secondsMax)
      : old !== undefined && old < seconds
        ? 'must be less than or equal to previous value'
        : undefined;
  if (problem === undefined) return true;
  errors.push(invalidValue(path, seconds, problem));
  return false;
}

/** Tolerations can be added; of those that are there only the time can change. */
function checkTolerationsAdded(
  tolerations: readonly Toleration[] = [],
  old: readonly Toleration[] = [],
  path: FieldPath,
  errors: FieldErrors,
): void {
  const withoutTime = ({ tolerationSeconds: _, ...rest }: Toleration) => rest;
  const isKept = (before: Toleration) =>
    tolerations.some((after) => sameMeaning(withoutTime(before), withoutTime(after)));
  if (old.every(isKept)) checkTolerations(tolerations, path, errors);
  else {
    const text = 'existing toleration can not be modified except its tolerationSeconds';
    errors.push(forbiddenField(path, text));
  }
}

/** Whatever else differs is refused, with what it is. */
function checkRest(spec: PodSpec, old: PodSpec, errors: FieldErrors): void {
  if (sameMeaning(spec, old)) return;
  const masked = cloneJson(spec);
  keepImages(masked.containers, old.containers);
  keepImages(masked.initContainers, old.initContainers);
  keep(masked, old, 'activeDeadlineSeconds');
  keep(masked, old, 'schedulingGates');
  keep(masked, old, 'tolerations');
  const grace = old.terminationGracePeriodSeconds;
  if (grace !== undefined && grace < 0 && masked.terminationGracePeriodSeconds === 1) {
    masked.terminationGracePeriodSeconds = grace;
  }
  if (old.schedulingGates?.length) maskGatedChanges(masked, old, specPath, errors);
  if (sameMeaning(masked, old)) return;
  const text = `pod updates may not change fields other than ${updatableFields}\n${changeDiff(old, masked)}`;
  errors.push(forbiddenField(specPath, text));
}

function keepImages(
  containers: Container[] | undefined,
  old: readonly Container[] | undefined,
): void {
  containers?.forEach((container, at) => {
    const image = old?.[at]?.image;
    if (image === undefined) delete container.image;
    else container.image = image;
  });
}

/** Puts one field back to what it was. */
function keep<K extends keyof PodSpec>(spec: PodSpec, old: PodSpec, name: K): void {
  const value = old[name];
  if (value === undefined) delete spec[name];
  else spec[name] = value;
}
