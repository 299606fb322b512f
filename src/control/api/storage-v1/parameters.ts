import { type FieldPath, invalidValue, required, tooLong } from '../../machinery/field-path.js';
import { utf8Length } from '../../machinery/quote.js';
import { checkQualifiedName, type FieldErrors, isUnset } from '../core-v1/field-checks.js';

const countMax = 512;
const bytesMax = 256 * 1024;

/** Who makes the volumes of a class; upper case is let through. */
export function checkProvisioner(
  name: string | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (isUnset(name)) errors.push(required(path, ''));
  else checkQualifiedName(name.toLowerCase(), path, errors);
}

/** What the one who makes the volumes of a class is told. */
export function checkParameters(
  parameters: Readonly<Record<string, string>> | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const entries = Object.entries(parameters ?? {});
  if (entries.length > countMax) {
    errors.push(tooLong(path, '', countMax));
    return;
  }
  let bytes = 0;
  for (const [key, value] of entries) {
    if (key === '') errors.push(invalidValue(path, key, 'field can not be empty.'));
    bytes += utf8Length(key) + utf8Length(value);
  }
  if (bytes > bytesMax) errors.push(tooLong(path, '', bytesMax));
}
