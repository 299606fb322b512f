import {
  type FieldPath,
  invalidValue,
  notSupported,
  required,
  tooLong,
} from '../../../machinery/field-path.js';
import { utf8Length } from '../../../machinery/quote.js';
import type { AppArmorProfile, SeccompProfile } from '../../gen/core-v1.js';
import { type FieldErrors, isUnset } from '../field-checks.js';
import { checkDescendingPath } from '../paths.js';

const profileTypes = ['Localhost', 'RuntimeDefault', 'Unconfined'];

/** Which system calls a container may make. */
export function checkSeccompProfile(
  profile: SeccompProfile | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (profile === undefined) return;
  const { type, localhostProfile } = profile;
  checkType(type, path, 'type is required when seccompProfile is set', errors);
  const at = path.child('localhostProfile');
  if (type !== 'Localhost') {
    if (localhostProfile === undefined) return;
    const shown = { Type: type ?? '', LocalhostProfile: localhostProfile };
    errors.push(invalidValue(at, shown, 'can only be set when seccomp type is Localhost'));
  } else if (localhostProfile === undefined) {
    errors.push(required(at, 'must be set when seccomp type is Localhost'));
  } else checkDescendingPath(localhostProfile, at, errors);
}

function checkType(
  type: string | undefined,
  path: FieldPath,
  missing: string,
  errors: FieldErrors,
): void {
  const at = path.child('type');
  if (isUnset(type)) errors.push(required(at, missing));
  else if (!profileTypes.includes(type)) errors.push(notSupported(at, type, profileTypes));
}

const localhostProfileMax = 4095;
const localhostNeeded = 'must be set when AppArmor type is Localhost';

/** What AppArmor lets a container do. */
export function checkAppArmorProfile(
  profile: AppArmorProfile | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (profile === undefined) return;
  const { type, localhostProfile } = profile;
  if (type === 'Localhost') {
    checkLocalhostProfile(localhostProfile, path.child('localhostProfile'), errors);
  } else if (type === 'RuntimeDefault' || type === 'Unconfined') {
    if (localhostProfile === undefined) return;
    const text = 'can only be set when AppArmor type is Localhost';
    errors.push(invalidValue(path.child('localhostProfile'), localhostProfile, text));
  } else checkType(type, path, 'type is required when appArmorProfile is set', errors);
}

function checkLocalhostProfile(
  profile: string | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (profile === undefined) {
    errors.push(required(path, localhostNeeded));
    return;
  }
  if (profile.trim() !== profile) {
    errors.push(invalidValue(path, profile, 'must not be padded with whitespace'));
  } else if (profile === '') errors.push(required(path, localhostNeeded));
  if (utf8Length(profile) > localhostProfileMax) {
    errors.push(tooLong(path, profile, localhostProfileMax));
  }
}
