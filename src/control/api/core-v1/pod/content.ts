import type { FieldError } from '../../../machinery/field-errors.js';
import { fieldPath, forbiddenField } from '../../../machinery/field-path.js';
import type { Pod, PodSpec } from '../../gen/core-v1.js';
import type { FieldErrors } from '../field-checks.js';
import { checkPodAnnotations } from './annotations.js';
import { checkImageText } from './container.js';
import { checkAppArmorAgreement, checkSeccompAgreement } from './profile-agreement.js';
import { checkPodSpec } from './spec.js';

const specPath = fieldPath('spec');

/** What holds for a pod whenever it is written. */
export function checkPodContent(pod: Pod, old: PodSpec | undefined, errors: FieldErrors): void {
  const spec = pod.spec ?? {};
  const { metadata } = pod;
  checkPodAnnotations(metadata.annotations, spec, fieldPath('metadata', 'annotations'), errors);
  checkPodSpec(spec, metadata, { isPod: true, old }, specPath, errors);
  if (!spec.serviceAccountName) checkNoTokens(spec, errors);
  for (const list of ['containers', 'initContainers'] as const) {
    spec[list]?.forEach(({ image }, at) => {
      checkImageText(image, specPath.child(list).index(at), errors);
    });
  }
}

function checkNoTokens(spec: PodSpec, errors: FieldErrors): void {
  spec.volumes?.forEach(({ projected }, at) => {
    projected?.sources?.forEach((source, sourceAt) => {
      if (source.serviceAccountToken === undefined) return;
      const sources = specPath.child('volumes').index(at).child('projected', 'sources');
      const text = 'must not be specified when serviceAccountName is not set';
      errors.push(forbiddenField(sources.index(sourceAt).child('serviceAccountToken'), text));
    });
  });
}

/** A new pod. */
export function validatePodCreate(pod: Pod): readonly FieldError[] {
  const errors: FieldErrors = [];
  const spec = pod.spec ?? {};
  checkPodContent(pod, undefined, errors);
  if (spec.ephemeralContainers?.length) {
    errors.push(forbiddenField(specPath.child('ephemeralContainers'), 'cannot be set on create'));
  }
  if (spec.nodeName && spec.schedulingGates?.length) {
    const text = 'cannot be set until all schedulingGates have been cleared';
    errors.push(forbiddenField(specPath.child('nodeName'), text));
  }
  const { annotations } = pod.metadata;
  checkSeccompAgreement(annotations, spec, specPath, errors);
  checkAppArmorAgreement(annotations, spec, specPath, errors);
  return errors;
}
