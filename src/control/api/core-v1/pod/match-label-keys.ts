import { type FieldPath, forbiddenField, invalidValue } from '../../../machinery/field-path.js';
import { validateLabelKey } from '../../../machinery/labels.js';
import type { LabelSelector } from '../../gen/meta-v1.js';
import type { FieldErrors } from '../field-checks.js';

/** Keys whose values are taken from the pod itself and become part of a selector. */
export interface LabelKeys {
  readonly matchLabelKeys?: readonly string[] | undefined;
  readonly mismatchLabelKeys?: readonly string[] | undefined;
  readonly labelSelector?: LabelSelector | undefined;
}

/**
 * Checks the keys against each other and against the selector. The selector has already got what the keys stand for, so a key
 * of `matchLabelKeys` is there once; a second time is what the client wrote.
 */
export function checkMatchLabelKeys(keys: LabelKeys, path: FieldPath, errors: FieldErrors): void {
  const { matchLabelKeys = [], mismatchLabelKeys = [], labelSelector } = keys;
  checkKeys(matchLabelKeys, labelSelector, path.child('matchLabelKeys'), errors);
  checkKeys(mismatchLabelKeys, labelSelector, path.child('mismatchLabelKeys'), errors);
  const selected = new Set(Object.keys(labelSelector?.matchLabels ?? {}));
  for (const { key = '' } of labelSelector?.matchExpressions ?? []) {
    const at = matchLabelKeys.lastIndexOf(key);
    if (at !== -1 && selected.has(key)) {
      const text = 'exists in both matchLabelKeys and labelSelector';
      errors.push(invalidValue(path.index(at), key, text));
    }
    selected.add(key);
  }
  matchLabelKeys.forEach((key, at) => {
    if (!mismatchLabelKeys.includes(key)) return;
    const text = 'exists in both matchLabelKeys and mismatchLabelKeys';
    errors.push(invalidValue(path.child('matchLabelKeys').index(at), key, text));
  });
}

function checkKeys(
  keys: readonly string[],
  selector: LabelSelector | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (keys.length === 0) return;
  if (selector === undefined) {
    errors.push(forbiddenField(path, 'must not be specified when labelSelector is not set'));
    return;
  }
  keys.forEach((key, at) => {
    errors.push(...validateLabelKey(key, path.index(at)));
  });
}

/** Adds to a selector what the keys stand for in a pod with these labels; keys that the pod does not have are left out. */
export function mergeLabelKeys(
  term: {
    matchLabelKeys?: string[];
    mismatchLabelKeys?: string[];
    labelSelector?: LabelSelector;
  },
  labels: Readonly<Record<string, string>> | undefined,
): void {
  const selector = term.labelSelector;
  if (selector === undefined) return;
  const merge = (keys: readonly string[] | undefined, operator: string) => {
    for (const key of keys ?? []) {
      const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
      if (value === undefined) continue;
      selector.matchExpressions ??= [];
      selector.matchExpressions.push({ key, operator, values: [value] });
    }
  };
  merge(term.matchLabelKeys, 'In');
  merge(term.mismatchLabelKeys, 'NotIn');
}
