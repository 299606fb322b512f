import { type FieldPath, forbiddenField } from '../../../machinery/field-path.js';
import { validateLabels } from '../../../machinery/labels.js';
import { validateAnnotations } from '../../../machinery/object-meta.js';
import type { PodTemplateSpec } from '../../gen/core-v1.js';
import type { FieldErrors } from '../field-checks.js';
import { checkPodAnnotations } from './annotations.js';
import { checkAppArmorAgreement, checkSeccompAgreement } from './profile-agreement.js';
import { checkPodSpec } from './spec.js';

/** A template of pods; `old` is the one that it replaces. */
export function checkPodTemplate(
  template: PodTemplateSpec,
  old: PodTemplateSpec | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { metadata, spec = {} } = template;
  errors.push(...validateLabels(metadata?.labels, path.child('labels')));
  errors.push(...validateAnnotations(metadata?.annotations, path.child('annotations')));
  checkPodAnnotations(metadata?.annotations, spec, path.child('annotations'), errors);
  const options = { isPod: false, old: old?.spec };
  checkPodSpec(spec, undefined, options, path.child('spec'), errors);
  checkSeccompAgreement(metadata?.annotations, spec, path.child('spec'), errors);
  checkAppArmorAgreement(metadata?.annotations, spec, path.child('spec'), errors);
  if (spec.ephemeralContainers?.length) {
    const text = 'ephemeral containers not allowed in pod template';
    errors.push(forbiddenField(path.child('spec', 'ephemeralContainers'), text));
  }
}
