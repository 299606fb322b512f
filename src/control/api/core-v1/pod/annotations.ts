import { type FieldPath, forbiddenField, invalidValue } from '../../../machinery/field-path.js';
import type { ObjectMeta } from '../../../machinery/object.js';
import { quote } from '../../../machinery/quote.js';
import type { PodSpec, Toleration } from '../../gen/core-v1.js';
import type { FieldErrors } from '../field-checks.js';
import { checkDescendingPath } from '../paths.js';
import { allContainers } from './containers.js';
import { checkTolerations } from './tolerations.js';

/** Marks a pod that stands for one which a node runs from a file of its own. */
export const mirrorPodAnnotation = 'kubernetes.io/config.mirror';
/** Before a container's name: its AppArmor profile, as it was said before there was a field. */
export const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';
/** The pod's seccomp profile, as it was said before there was a field. */
export const seccompPodAnnotation = 'seccomp.security.alpha.kubernetes.io/pod';
/** Before a container's name: its seccomp profile. */
export const seccompContainerPrefix = 'container.seccomp.security.alpha.kubernetes.io/';

const tolerationsAnnotation = 'scheduler.alpha.kubernetes.io/tolerations';
const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost';

type Annotations = Readonly<Record<string, string>>;

/** Annotations that mean something for a pod. */
export function checkPodAnnotations(
  annotations: Annotations = {},
  spec: PodSpec,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const mirror = annotations[mirrorPodAnnotation];
  if (mirror !== undefined && !spec.nodeName) {
    const text = 'must set spec.nodeName if mirror pod annotation is set';
    errors.push(invalidValue(path.key(mirrorPodAnnotation), mirror, text));
  }
  if (annotations[tolerationsAnnotation]) {
    checkTolerationsText(annotations[tolerationsAnnotation], path, errors);
  }
  const cost = annotations[deletionCostAnnotation];
  if (cost !== undefined && !isInt32(cost)) {
    errors.push(invalidValue(path.key(deletionCostAnnotation), cost, 'must be a 32bit integer'));
  }
  checkSeccompAnnotations(annotations, path, errors);
  checkAppArmorAnnotations(annotations, spec, path, errors);
}

function checkTolerationsText(text: string, path: FieldPath, errors: FieldErrors): void {
  let tolerations: unknown;
  try {
    tolerations = JSON.parse(text);
  } catch {
    const problem = 'must be a list of tolerations as JSON';
    errors.push(invalidValue(path, tolerationsAnnotation, problem));
    return;
  }
  if (!Array.isArray(tolerations)) return;
  checkTolerations(tolerations as Toleration[], path.child(tolerationsAnnotation), errors);
}

function isInt32(text: string): boolean {
  if (!/^(0|-?\d+)$/.test(text) || /^0\d/.test(text)) return false;
  const value = Number(text);
  return value >= -(2 ** 31) && value < 2 ** 31;
}

function checkSeccompAnnotations(
  annotations: Annotations,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const keys = Object.keys(annotations)
    .filter((key) => key.startsWith(seccompContainerPrefix))
    .sort();
  for (const key of [seccompPodAnnotation, ...keys]) {
    const profile = annotations[key];
    if (profile === undefined || namedSeccompProfiles.has(profile)) continue;
    const at = path.child(key);
    if (!profile.startsWith(localhostPrefix)) {
      errors.push(invalidValue(at, profile, 'must be a valid seccomp profile'));
    } else checkDescendingPath(profile.slice(localhostPrefix.length), at, errors);
  }
}

const localhostPrefix = 'localhost/';
const namedSeccompProfiles = new Set(['runtime/default', 'docker/default', 'unconfined']);
const namedAppArmorProfiles = new Set(['', 'runtime/default', 'unconfined']);

function checkAppArmorAnnotations(
  annotations: Annotations,
  spec: PodSpec,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const names = new Set(allContainers(spec).map((container) => container.name ?? ''));
  for (const key of Object.keys(annotations).sort()) {
    if (!key.startsWith(appArmorPrefix)) continue;
    const name = key.slice(appArmorPrefix.length);
    if (!names.has(name)) errors.push(invalidValue(path.key(key), name, 'container not found'));
    const profile = annotations[key] ?? '';
    if (namedAppArmorProfiles.has(profile) || profile.startsWith(localhostPrefix)) continue;
    const text = `invalid AppArmor profile name: ${quote(profile)}`;
    errors.push(invalidValue(path.key(key), profile, text));
  }
}

/** Annotations that a pod keeps as it was made with them. */
export function checkPodAnnotationsUpdate(
  meta: ObjectMeta,
  old: ObjectMeta,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const after = meta.annotations ?? {};
  const before = old.annotations ?? {};
  for (const key of Object.keys(before).sort()) {
    const name = frozenAnnotation(key);
    if (name === undefined || after[key] === before[key]) continue;
    errors.push(forbiddenField(path.key(key), `may not remove or update ${name}`));
  }
  for (const key of Object.keys(after).sort()) {
    const name = frozenAnnotation(key);
    if (name === undefined || Object.hasOwn(before, key)) continue;
    errors.push(forbiddenField(path.key(key), `may not add ${name}`));
  }
}

function frozenAnnotation(key: string): string | undefined {
  if (key.startsWith(appArmorPrefix)) return 'AppArmor annotations';
  return key === mirrorPodAnnotation ? 'mirror pod annotation' : undefined;
}
