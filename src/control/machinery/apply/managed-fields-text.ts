import { isJsonObject } from '../json-object.js';
import type { ManagedFieldsEntry } from '../object.js';
import { textOfFieldsV1 } from './shared-fields.js';

/** The JSON of managed fields. What objects of one template share is written once for all of them. */
export function managedFieldsText(entries: readonly ManagedFieldsEntry[]): string {
  return `[${entries.map(entryText).join(',')}]`;
}

function entryText(entry: ManagedFieldsEntry): string {
  const { fieldsV1 } = entry;
  if (!isJsonObject(fieldsV1)) return JSON.stringify(entry);
  let text = '';
  for (const [name, value] of Object.entries(entry)) {
    if (value === undefined) continue;
    const written = value === fieldsV1 ? textOfFieldsV1(fieldsV1) : JSON.stringify(value);
    text += `${text === '' ? '{' : ','}${JSON.stringify(name)}:${written}`;
  }
  return `${text}}`;
}
