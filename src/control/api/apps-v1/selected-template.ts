import {
  type FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import {
  type LabelSelector,
  labelSelectorOf,
  validateLabelSelector,
} from '../../machinery/label-selector.js';
import type { FieldErrors } from '../core-v1/field-checks.js';
import type { PodTemplateSpec } from '../gen/core-v1.js';
import type { LabelSelector as SelectorSpec } from '../gen/meta-v1.js';

/** What the pods of a controller are made from, and how it finds them again. */
export interface SelectedTemplate {
  readonly selector?: SelectorSpec;
  readonly template?: PodTemplateSpec;
}

/** What a controller says of a selector that is there but says nothing. */
export function emptySelectorText(controller: string): string {
  return `empty selector is invalid for ${controller}`;
}

/** The selector must be there, valid, and say something. */
export function checkSelector(
  selector: SelectorSpec | undefined,
  emptyText: string,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (selector === undefined) {
    errors.push(required(path, ''));
    return;
  }
  errors.push(...validateLabelSelector(selector, path));
  if (isEmptySelector(selector)) errors.push(invalidValue(path, selector, emptyText));
}

/** Whether a selector has no requirement. */
export function isEmptySelector({ matchLabels, matchExpressions }: SelectorSpec): boolean {
  return Object.keys(matchLabels ?? {}).length === 0 && !matchExpressions?.length;
}

/** The selector as one that can be asked; undefined when it is invalid. */
export function usableSelector(selector: SelectorSpec | undefined): LabelSelector | undefined {
  try {
    return labelSelectorOf(selector);
  } catch {
    return undefined;
  }
}

/** A controller that does not select the pods that it makes would make them without end. */
export function checkTemplateIsSelected(
  selector: LabelSelector,
  template: PodTemplateSpec | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const labels = template?.metadata?.labels;
  if (selector.matches(labels)) return;
  const text = '`selector` does not match template `labels`';
  errors.push(invalidValue(path.child('metadata', 'labels'), labels ?? null, text));
}

/** Pods of controllers run until they are deleted. */
export function checkRunsForever(
  template: PodTemplateSpec | undefined,
  controller: string,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { restartPolicy = '', activeDeadlineSeconds } = template?.spec ?? {};
  if (restartPolicy !== 'Always') {
    errors.push(notSupported(path.child('spec', 'restartPolicy'), restartPolicy, ['Always']));
  }
  if (activeDeadlineSeconds !== undefined) {
    const text = `activeDeadlineSeconds in ${controller} is not Supported`;
    errors.push(forbiddenField(path.child('spec', 'activeDeadlineSeconds'), text));
  }
}
