import type { FieldError } from './field-errors.js';
import { type FieldPath, invalidValue, required, tooLong } from './field-path.js';
import type { ManagedFieldsEntry } from './object.js';
import { isPrintable, utf8Length } from './quote.js';

const managerBytesMax = 128;
const subresourceBytesMax = 256;

/** What is wrong with the record of who set which field. */
export function validateManagedFields(
  entries: readonly ManagedFieldsEntry[] | undefined,
  path: FieldPath,
): FieldError[] {
  return (entries ?? []).flatMap((entry, at) => validateEntry(entry, path.index(at)));
}

function validateEntry(entry: ManagedFieldsEntry, path: FieldPath): FieldError[] {
  const { operation = '', fieldsType = '', subresource = '' } = entry;
  const errors: FieldError[] = [];
  if (operation === '') {
    errors.push(required(path.child('operation'), 'must not be empty'));
  } else if (operation !== 'Apply' && operation !== 'Update') {
    errors.push(invalidValue(path.child('operation'), operation, 'must be `Apply` or `Update`'));
  }
  if (fieldsType !== '' && fieldsType !== 'FieldsV1') {
    errors.push(invalidValue(path.child('fieldsType'), fieldsType, 'must be `FieldsV1`'));
  }
  errors.push(...validateFieldManager(entry.manager ?? '', path.child('manager')));
  if (utf8Length(subresource) > subresourceBytesMax) {
    errors.push(tooLong(path.child('subresource'), '', subresourceBytesMax));
  }
  return errors;
}

/** What is wrong with the name of a field manager: at most 128 bytes, all of them visible. */
export function validateFieldManager(manager: string, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (utf8Length(manager) > managerBytesMax) errors.push(tooLong(path, '', managerBytesMax));
  let position = 0;
  for (const character of manager) {
    if (!isPrintable(character)) {
      const text = `invalid character ${codePointText(character)} (at position ${position})`;
      errors.push(invalidValue(path, manager, text));
    }
    position += utf8Length(character);
  }
  return errors;
}

/** `U+0007`; characters that can be seen would follow in quotes. */
function codePointText(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
