/** What the kinds that make pods from templates share with pods. */
import type { FieldError } from '../../machinery/field-errors.js';
import type { FieldPath } from '../../machinery/field-path.js';
import type { PodTemplateSpec } from '../gen/core-v1.js';
import type { FieldErrors } from './field-checks.js';
import { dropDisabledFields } from './pod/disabled-fields.js';
import { checkPodTemplate } from './pod/template.js';

export { validateKubeFinalizers } from './meta-rules.js';
export { setPodSpecDefaults, setPodTemplateDefaults } from './pod/defaults.js';
export { qosClassOf } from './pod/qos.js';
export { validateEphemeralContainersUpdate, validatePodResize } from './pod/subresources.js';
export { podTemplateWarnings } from './pod/warnings.js';
export { sameMeaning } from './semantic.js';
export {
  ageColumn,
  ageOf,
  column,
  containerCells,
  containerColumns,
  labelsCell,
  nameColumn,
  wideColumn,
} from './table.js';

/** Checks a template of pods; `old` is the one that it replaces. */
export function validatePodTemplateSpec(
  template: PodTemplateSpec | undefined,
  old: PodTemplateSpec | undefined,
  path: FieldPath,
): FieldError[] {
  const errors: FieldErrors = [];
  checkPodTemplate(template ?? {}, old, path, errors);
  return errors;
}

/** Takes out of a template what is not served; to be called before it is checked. */
export function preparePodTemplate(
  template: PodTemplateSpec | undefined,
  old: PodTemplateSpec | undefined,
): void {
  if (template?.spec) dropDisabledFields(template.spec, old?.spec);
}
