import {
  type FieldPath,
  forbiddenField,
  invalidValue,
  required,
  tooLong,
} from '../../../machinery/field-path.js';
import { dnsSubdomainProblems } from '../../../machinery/names.js';
import { utf8Length } from '../../../machinery/quote.js';
import {
  addProblems,
  checkRange,
  checkSupported,
  type FieldErrors,
  isUnset,
} from '../field-checks.js';

/** Looks at one source of a volume; `source` is what the field has. */
export type SourceCheck<T> = (source: T, path: FieldPath, errors: FieldErrors) => void;

/** A check for each kind of source that a volume can have, in the order in which the API looks at them. */
export type SourceChecks<V> = readonly {
  [K in keyof V]-?: {
    readonly kind: K & string;
    readonly check: SourceCheck<NonNullable<V[K]>>;
    /** How errors call the field, where the API differs from its name. */
    readonly shownAs?: string;
    readonly shownTwiceAs?: string;
  };
}[keyof V][];

/** Exactly one source must be there. The first is checked, each further one refused. */
export function checkSources<V extends object>(
  volume: V,
  checks: SourceChecks<V>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  let count = 0;
  for (const { kind, check, shownAs, shownTwiceAs } of checks) {
    const source = volume[kind];
    if (source === undefined || source === null) continue;
    count += 1;
    if (count === 1) (check as SourceCheck<unknown>)(source, path.child(shownAs ?? kind), errors);
    else {
      const text = 'may not specify more than 1 volume type';
      errors.push(forbiddenField(path.child(shownTwiceAs ?? kind), text));
    }
  }
  if (count === 0) errors.push(required(path, 'must specify a volume type'));
}

/** A check that some texts and lists are there; all that is looked at in most of the old kinds of volumes. */
export function needs<T extends object>(...fields: readonly (keyof T & string)[]): SourceCheck<T> {
  return (source, path, errors) => {
    for (const field of fields) {
      const value: unknown = source[field];
      const isThere = Array.isArray(value) ? value.length > 0 : value !== undefined && value !== '';
      if (!isThere) errors.push(required(path.child(field), ''));
    }
  };
}

/** Several checks, one after the other. */
export function allOf<T>(...checks: readonly SourceCheck<T>[]): SourceCheck<T> {
  return (source, path, errors) => {
    for (const check of checks) check(source, path, errors);
  };
}

/** A Secret, when one is named at all, must be named completely. */
export function checkSecretRef(...fields: readonly ('name' | 'namespace')[]): SourceCheck<{
  readonly secretRef?: { readonly name?: string; readonly namespace?: string };
}> {
  return ({ secretRef }, path, errors) => {
    if (secretRef === undefined) return;
    for (const field of fields) {
      if (isUnset(secretRef[field])) errors.push(required(path.child('secretRef', field), ''));
    }
  };
}

/** The partition of a disk; the text says 1, though 0 stands for the whole disk. */
export const checkPartition: SourceCheck<{ readonly partition?: number }> = (
  { partition = 0 },
  path,
  errors,
) => {
  if (partition >= 0 && partition <= 255) return;
  errors.push(
    invalidValue(path.child('partition'), partition, 'must be between 1 and 255, inclusive'),
  );
};

/** The number of a unit of a target. */
export const checkLun: SourceCheck<{ readonly lun?: number }> = ({ lun = 0 }, path, errors) => {
  checkRange(lun, [0, 255], path.child('lun'), errors);
};

const modeText = 'must be a number between 0 and 0777 (octal), both inclusive';

/** The permissions of a file in a volume. */
export function checkFileMode(
  mode: number | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777)) {
    errors.push(invalidValue(path, mode, modeText));
  }
}

const pullPolicies = ['Always', 'IfNotPresent', 'Never'];

/** When an image is pulled. */
export function checkPullPolicy(
  policy: string | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (isUnset(policy)) errors.push(required(path, ''));
  else checkSupported(policy, pullPolicies, path, errors);
}

const driverNameMax = 63;

/** The name of a CSI driver; upper case is let through. */
export function checkCsiDriverName(
  driver: string | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const name = driver ?? '';
  if (name === '') {
    errors.push(required(path, ''));
    return;
  }
  if (utf8Length(name) > driverNameMax) errors.push(tooLong(path, name, driverNameMax));
  addProblems(dnsSubdomainProblems(name.toLowerCase()), path, name, errors);
}
