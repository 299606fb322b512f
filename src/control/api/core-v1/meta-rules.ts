import type { FieldError } from '../../machinery/field-errors.js';
import {
  type FieldPath,
  fieldPath,
  forbiddenField,
  invalidValue,
} from '../../machinery/field-path.js';
import { validateLabels } from '../../machinery/labels.js';
import type { ObjectMeta } from '../../machinery/object.js';
import { validateAnnotations } from '../../machinery/object-meta.js';
import { type FieldErrors, isUnset } from './field-checks.js';

const standardFinalizers: ReadonlySet<string> = new Set([
  'kubernetes',
  'orphan',
  'foregroundDeletion',
]);

/** A finalizer of a built-in kind: Kubernetes' own, or one with a domain before it. */
export function checkFinalizerName(name: string, path: FieldPath, errors: FieldErrors): void {
  if (name.includes('/') || standardFinalizers.has(name)) return;
  const text = 'name is neither a standard finalizer name nor is it fully qualified';
  errors.push(invalidValue(path, name, text));
}

/** What built-in kinds require of metadata beyond what all kinds do: finalizers are standard or fully qualified. */
export function validateKubeFinalizers(meta: ObjectMeta): readonly FieldError[] {
  const errors: FieldErrors = [];
  meta.finalizers?.forEach((name, at) => {
    checkFinalizerName(name, fieldPath('metadata', 'finalizers').index(at), errors);
  });
  return errors;
}

/** Metadata of what is made from a template on behalf of something else: labels and annotations only. */
export function checkTemplateMeta(
  meta: ObjectMeta | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  errors.push(...validateAnnotations(meta?.annotations, path.child('annotations')));
  errors.push(...validateLabels(meta?.labels, path.child('labels')));
  for (const [name, value] of Object.entries(meta ?? {})) {
    if (name === 'labels' || name === 'annotations') continue;
    const isSet =
      typeof value === 'string' ? !isUnset(value) : value !== undefined && value !== null;
    if (isSet) errors.push(forbiddenField(path.child(name), 'cannot be set'));
  }
}
