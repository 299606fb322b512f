import { type FieldPath, forbiddenField } from '../../../machinery/field-path.js';
import type { PodSpec } from '../../gen/core-v1.js';
import type { FieldErrors } from '../field-checks.js';
import { appArmorPrefix, seccompContainerPrefix, seccompPodAnnotation } from './annotations.js';
import { visitContainers } from './containers.js';

type Annotations = Readonly<Record<string, string>>;

interface Profile {
  readonly type?: string;
  readonly localhostProfile?: string;
}

/** A profile that is said by a field and by an old annotation must be the same. */
export function checkSeccompAgreement(
  annotations: Annotations | undefined,
  spec: PodSpec,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const check = (profile: Profile | undefined, key: string, at: FieldPath) => {
    const annotation = annotations?.[key];
    if (profile === undefined || annotation === undefined) return;
    checkAgreement(
      profile,
      annotation,
      { path: at.child('securityContext', 'seccompProfile'), kind: 'seccomp' },
      errors,
    );
  };
  check(spec.securityContext?.seccompProfile, seccompPodAnnotation, path);
  visitContainers(spec, path, ({ name = '', securityContext }, at) => {
    check(securityContext?.seccompProfile, seccompContainerPrefix + name, at);
  });
}

/** The same for AppArmor, where the pod's profile holds for containers that have none. */
export function checkAppArmorAgreement(
  annotations: Annotations | undefined,
  spec: PodSpec,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (spec.os?.name === 'windows') return;
  visitContainers(spec, path, ({ name = '', securityContext }, at) => {
    const profile = securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile;
    const annotation = annotations?.[appArmorPrefix + name];
    if (profile === undefined || annotation === undefined) return;
    checkAgreement(
      profile,
      annotation,
      { path: at.child('securityContext', 'appArmorProfile'), kind: 'apparmor' },
      errors,
    );
  });
}

const localhostPrefix = 'localhost/';

function checkAgreement(
  { type, localhostProfile }: Profile,
  annotation: string,
  { path, kind }: { readonly path: FieldPath; readonly kind: 'seccomp' | 'apparmor' },
  errors: FieldErrors,
): void {
  const isLocal = annotation.startsWith(localhostPrefix);
  const annotated = isLocal ? 'Localhost' : namedProfiles[kind].get(annotation);
  const isKnown = type === 'Localhost' || type === 'RuntimeDefault' || type === 'Unconfined';
  if (!isKnown) return;
  if (annotated !== type) {
    const text = `${kind} type in annotation and field must match`;
    errors.push(forbiddenField(path.child('type'), text));
  } else if (isLocal && annotation.slice(localhostPrefix.length) !== localhostProfile) {
    const text = `${kind} profile in annotation and field must match`;
    errors.push(forbiddenField(path.child('localhostProfile'), text));
  }
}

const namedProfiles: Readonly<Record<'seccomp' | 'apparmor', ReadonlyMap<string, string>>> = {
  seccomp: new Map([
    ['unconfined', 'Unconfined'],
    ['runtime/default', 'RuntimeDefault'],
    ['docker/default', 'RuntimeDefault'],
  ]),
  apparmor: new Map([
    ['unconfined', 'Unconfined'],
    ['runtime/default', 'RuntimeDefault'],
  ]),
};
