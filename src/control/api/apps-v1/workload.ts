import { semanticEqual } from '../../machinery/deep-equal.js';
import type { FieldPath } from '../../machinery/field-path.js';
import { invalidValue } from '../../machinery/field-path.js';
import { dnsLabelProblems } from '../../machinery/names.js';
import type { KubeObject } from '../../machinery/object.js';
import { checkNonNegative, type FieldErrors } from '../core-v1/field-checks.js';
import { podTemplateWarnings, preparePodTemplate } from '../core-v1/pod-spec.js';
import type { PodTemplateSpec } from '../gen/core-v1.js';

/** What the kinds that run pods from a template have in common. */
export interface Workload extends KubeObject {
  spec?: { template?: PodTemplateSpec };
}

/** Takes out of a new workload what is not served. */
export function prepareNewWorkload(object: Workload): void {
  preparePodTemplate(object.spec?.template, undefined);
}

/** Takes out of a changed workload what is not served. */
export function prepareChangedWorkload(object: Workload, old: Workload): void {
  preparePodTemplate(object.spec?.template, old.spec?.template);
}

/** Counts a change of the annotations as one of the desired state: controllers copy them to what they make. */
export function countAnnotations(object: KubeObject, old: KubeObject): void {
  if (semanticEqual(object.metadata.annotations, old.metadata.annotations)) return;
  object.metadata.generation = (old.metadata.generation ?? 0) + 1;
}

/** What to tell of the template of a workload that is new or whose generation changed. */
export function templateWarnings(
  { metadata, spec }: Workload,
  old: Workload | undefined,
  path: FieldPath,
): string[] {
  const isSame = old !== undefined && old.metadata.generation === metadata.generation;
  return isSame ? [] : podTemplateWarnings(spec?.template, path);
}

/** What to tell of the name of a new object from whose name those of pods are made. */
export function nameWarnings({ metadata }: KubeObject, old: KubeObject | undefined): string[] {
  const problems = old === undefined ? dnsLabelProblems(metadata.name ?? '') : [];
  return problems.length === 0
    ? []
    : [
        `metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${problems.join(' ')}]`,
      ];
}

/** No count of a status is negative; errors are in the order of `names`. */
export function checkCounts<T extends object>(
  status: T,
  names: readonly (keyof T & string)[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const name of names) {
    checkNonNegative(status[name] as number | undefined, path.child(name), errors);
  }
}

/** No count of a status exceeds another. */
export function checkNoneAbove<T extends object>(
  status: T,
  names: readonly (keyof T & string)[],
  bound: { readonly count: number | undefined; readonly detail: string },
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const name of names) {
    const count = (status[name] as number | undefined) ?? 0;
    if (count > (bound.count ?? 0))
      errors.push(invalidValue(path.child(name), count, bound.detail));
  }
}

/** Collisions of names are only ever added. */
export function checkCollisionCount(
  count: number | undefined,
  before: number | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (before === undefined || (count !== undefined && count >= before)) return;
  errors.push(invalidValue(path.child('collisionCount'), count ?? 0, 'cannot be decremented'));
}
