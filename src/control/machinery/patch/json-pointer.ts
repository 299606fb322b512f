import type { JsonObject, JsonValue } from '../json.js';
import { getField, isJsonObject, setField } from '../json-object.js';
import { patchDoesNotApply } from './patch-errors.js';

/** The object or list that holds a place of a document, and the place in it. */
export interface Place {
  readonly holder: JsonObject | JsonValue[];
  /** The name of a field, or what stands for an index. */
  readonly key: string;
  /** How deep the place is; 1 for fields of the document itself. */
  readonly depth: number;
}

/**
 * The place that a JSON pointer (RFC 6901) names, whether or not anything is there; undefined when what should hold it is not
 * there or is no object or list. The document itself has no holder.
 */
export function placeOf(document: JsonValue, pointer: string): Place | undefined {
  const segments = pointer.split('/').slice(1).map(unescaped);
  const key = segments.pop();
  if (key === undefined) return undefined;
  let holder: JsonValue = document;
  for (const segment of segments) {
    const next: JsonValue | undefined = isHolder(holder) ? valueIn(holder, segment) : undefined;
    if (next === undefined) return undefined;
    holder = next;
  }
  return isHolder(holder) ? { holder, key, depth: segments.length + 1 } : undefined;
}

function unescaped(segment: string): string {
  return segment.replace(/~[01]/g, (code) => (code === '~1' ? '/' : '~'));
}

function isHolder(value: JsonValue): value is JsonObject | JsonValue[] {
  return typeof value === 'object' && value !== null;
}

function valueIn(holder: JsonObject | JsonValue[], key: string): JsonValue | undefined {
  if (isJsonObject(holder)) return getField(holder, key);
  const index = indexOf(key, holder.length);
  return index === undefined ? undefined : holder[index];
}

/** Where a list's item is: from 0, or from the end when negative; undefined when there is none. */
function indexOf(key: string, length: number): number | undefined {
  if (!/^[+-]?[0-9]{1,15}$/.test(key)) return undefined;
  const given = Number(key);
  const index = given < 0 ? given + length : given;
  return index >= 0 && index < length ? index : undefined;
}

/** What is at the place. A field that is not there is undefined; an index that is not there does not apply. */
export function getAt({ holder, key }: Place): JsonValue | undefined {
  if (isJsonObject(holder)) return getField(holder, key);
  return holder[existingIndex(holder, key)];
}

/** Puts a value where one is; a field may be new. */
export function replaceAt({ holder, key }: Place, value: JsonValue): void {
  if (isJsonObject(holder)) setField(holder, key, value);
  else holder[existingIndex(holder, key)] = value;
}

/** Sets a field, or inserts into a list before the index; `-` is behind the last item. */
export function addAt({ holder, key }: Place, value: JsonValue): void {
  if (isJsonObject(holder)) {
    setField(holder, key, value);
    return;
  }
  // One more than there are items: the place behind the last one is there for this.
  const index = key === '-' ? holder.length : indexOf(key, holder.length + 1);
  if (index === undefined) throw noIndex(key);
  holder.splice(index, 0, value);
}

/** Removes a field or an item that is there. */
export function removeAt({ holder, key }: Place): void {
  if (!isJsonObject(holder)) {
    holder.splice(existingIndex(holder, key), 1);
  } else if (Object.hasOwn(holder, key)) {
    delete holder[key];
  } else {
    throw patchDoesNotApply(`Unable to remove nonexistent key: ${key}: missing value`);
  }
}

function existingIndex(list: readonly JsonValue[], key: string): number {
  const index = indexOf(key, list.length);
  if (index === undefined) throw noIndex(key);
  return index;
}

function noIndex(key: string): Error {
  return patchDoesNotApply(`Unable to access invalid index: ${key}: invalid index referenced`);
}
