import { type FieldPath, fieldPath, invalidValue, required } from '../../machinery/field-path.js';
import { labelOf } from '../../machinery/labels.js';
import { usableSelector } from '../apps-v1/selected-template.js';
import type { FieldErrors } from '../core-v1/field-checks.js';
import type { Job } from '../gen/batch-v1.js';

/** The label by which a job finds its pods. */
export const controllerUidLabel = 'batch.kubernetes.io/controller-uid';

const nameLabels = ['job-name', 'batch.kubernetes.io/job-name'] as const;
const uidLabels = ['controller-uid', controllerUidLabel] as const;

/**
 * Gives a job a selector that is its own, and its pods the labels for it, unless the client says that it does so itself. What the
 * client has set already stays; validation refuses it when it is something else.
 */
export function generateSelector({ metadata, spec }: Job): void {
  if (spec === undefined || spec.manualSelector) return;
  const { name = '', uid = '' } = metadata;
  spec.template ??= {};
  spec.template.metadata ??= {};
  spec.template.metadata.labels ??= {};
  const { labels } = spec.template.metadata;
  for (const label of nameLabels) labels[label] ??= name;
  for (const label of uidLabels) labels[label] ??= uid;
  spec.selector ??= {};
  spec.selector.matchLabels ??= {};
  spec.selector.matchLabels[controllerUidLabel] ??= uid;
}

/** The labels and the selector of a job that did not ask for its own are those of {@link generateSelector}. */
export function checkGeneratedSelector({ metadata, spec }: Job, errors: FieldErrors): void {
  if (spec?.manualSelector || spec?.selector === undefined) return;
  const { name = '', uid = '' } = metadata;
  if (uid === '') errors.push(required(fieldPath('metadata', 'uid'), ''));
  const labels = spec.template?.metadata?.labels;
  const path = fieldPath('spec', 'template', 'metadata', 'labels');
  const expected: readonly (readonly [label: string, value: string])[] = [
    [uidLabels[0], uid],
    [nameLabels[0], name],
    [uidLabels[1], uid],
    [nameLabels[1], name],
  ];
  for (const [label, value] of expected) checkLabel(labels, label, value, path, errors);
  const selector = usableSelector(spec.selector);
  if (selector === undefined || selector.matches(Object.fromEntries(expected))) return;
  const text = '`selector` not auto-generated';
  errors.push(invalidValue(fieldPath('spec', 'selector'), spec.selector, text));
}

function checkLabel(
  labels: Readonly<Record<string, string>> | undefined,
  label: string,
  expected: string,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const value = labelOf(labels, label);
  const text = `must be '${expected}'`;
  if (value === undefined) errors.push(required(path.key(label), text));
  else if (value !== expected) errors.push(invalidValue(path.key(label), labels, text));
}
