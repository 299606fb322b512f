import { type FieldPath, invalidValue, required, tooLong } from '../../machinery/field-path.js';
import { cIdentifierProblems } from '../../machinery/names.js';
import { utf8Length } from '../../machinery/quote.js';
import { addProblems, checkDnsSubdomain, type FieldErrors } from '../core-v1/field-checks.js';
import { checkCsiDriverName } from '../core-v1/volumes/source-checks.js';

const poolNameMax = 253;
const idMax = 32;
/** How long the name of an attribute with its domain can be. */
export const qualifiedNameMax: number = 63 + 1 + idMax;

/** Drivers of devices are named as those of volumes. */
export const checkDriverName = checkCsiDriverName;

/** The name of a pool: DNS names with slashes between them. */
export function checkPoolName(name: string, path: FieldPath, errors: FieldErrors): void {
  if (name === '') {
    errors.push(required(path, ''));
    return;
  }
  if (utf8Length(name) > poolNameMax) errors.push(tooLong(path, '', poolNameMax));
  for (const part of name.split('/')) checkDnsSubdomain(part, path, errors);
}

/** The name of an attribute or a capacity: an identifier, with the domain of its driver or without. */
export function checkAttributeName(name: string, path: FieldPath, errors: FieldErrors): void {
  const parts = name.split('/');
  const [first = '', second] = parts;
  if (parts.length > 2) return;
  if (second === undefined) {
    checkIdentifier(first, path, errors);
    return;
  }
  if (first === '') errors.push(invalidValue(path, '', 'the domain must not be empty'));
  else checkDriverName(first, path, errors);
  if (second === '') errors.push(invalidValue(path, '', 'the name must not be empty'));
  else checkIdentifier(second, path, errors);
}

/** The same, but the domain must be there. */
export function checkFullAttributeName(name: string, path: FieldPath, errors: FieldErrors): void {
  checkAttributeName(name, path, errors);
  if (name.includes('/')) return;
  const text = 'a fully qualified name must be a domain and a name separated by a slash';
  errors.push(invalidValue(path, name, text));
}

function checkIdentifier(id: string, path: FieldPath, errors: FieldErrors): void {
  if (utf8Length(id) > idMax) errors.push(tooLong(path, '', idMax));
  addProblems(cIdentifierProblems(id), path, id, errors);
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The identity of one share of a device. */
export function checkUid(uid: string, path: FieldPath, errors: FieldErrors): void {
  if (uuid.test(uid)) return;
  const text =
    'uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters';
  errors.push(invalidValue(path, uid, text));
}
