import { type FieldPath, invalidValue } from '../../machinery/field-path.js';
import type { FieldErrors } from '../core-v1/field-checks.js';

/** A part of a zone's name (the tz database's rules for them, and digits and `+` as old names have). */
const namePart = /^[A-Za-z._0-9+][A-Za-z._0-9+-]{0,13}$/;

/** The zone that a schedule is meant in; absent, it is the controller's. */
export function checkTimeZone(
  zone: string | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (zone === undefined) return;
  if (zone === '') {
    errors.push(invalidValue(path, zone, 'timeZone must be nil or non-empty string'));
    return;
  }
  const unknown = `unknown time zone ${zone}`;
  const parts = zone.split('/');
  if (parts.some((part) => part === '.' || part === '..' || !namePart.test(part))) {
    errors.push(invalidValue(path, zone, unknown));
    return;
  }
  const isLocal = zone.toLowerCase() === 'local';
  if (isLocal) {
    const text =
      'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
    errors.push(invalidValue(path, zone, text));
  }
  if (zone !== 'Local' && !isTimeZone(zone)) errors.push(invalidValue(path, zone, unknown));
}

/** Whether the tz database has a zone of this name. Offsets as `+01:00` are none. */
export function isTimeZone(name: string): boolean {
  if (name === '' || /^[+-]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
