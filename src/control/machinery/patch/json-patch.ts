import { cloneJson } from '../clone.js';
import { deepEqual } from '../deep-equal.js';
import type { JsonObject, JsonValue } from '../json.js';
import { getField, isJsonObject } from '../json-object.js';
import { utf8Length } from '../quote.js';
import { badRequest, requestEntityTooLarge } from '../status-errors.js';
import { addAt, getAt, type Place, placeOf, removeAt, replaceAt } from './json-pointer.js';
import { patchDoesNotApply } from './patch-errors.js';

/** Operations that one JSON patch may have. */
export const jsonPatchOperationsMax = 10_000;
/** Bytes of JSON that all copy operations of a patch may add. */
export const jsonPatchCopyBytesMax = 3 * 1024 * 1024;
/** Levels of objects and lists that a patched document may have. */
export const jsonPatchDepthMax = 1000;

/**
 * The document after a JSON patch (RFC 6902), all operations or none; neither the document nor the patch changes. It departs from
 * the RFC where the API does: `replace` may set a field that is not there, `copy` of such a field sets null, a negative index
 * counts from the end, and only `replace` and `test` work on the whole document. Throws badRequest for what is no patch,
 * requestEntityTooLarge for too many operations, and 422 Invalid (the reason is its cause) when an operation does not apply.
 */
export function applyJsonPatch(document: JsonValue, patch: JsonValue): JsonValue {
  const operations = operationsOf(patch);
  const state: PatchState = { document: cloneJson(document), copiedBytes: 0 };
  for (const operation of operations) apply(state, operation);
  return state.document;
}

interface PatchState {
  document: JsonValue;
  copiedBytes: number;
}

function operationsOf(patch: JsonValue): JsonObject[] {
  if (!Array.isArray(patch)) {
    throw badRequest(
      `json: cannot unmarshal ${jsonType(patch)} into Go value of type jsonpatch.Patch`,
    );
  }
  if (patch.length > jsonPatchOperationsMax) {
    throw requestEntityTooLarge(
      'The allowed maximum operations in a JSON patch is ' +
        `${jsonPatchOperationsMax}, got ${patch.length}`,
    );
  }
  return patch.map((operation) => {
    if (isJsonObject(operation)) return operation;
    throw badRequest(
      `json: cannot unmarshal ${jsonType(operation)} into Go value of type jsonpatch.Operation`,
    );
  });
}

function jsonType(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

type Handler = (state: PatchState, operation: JsonObject) => void;

const handlers: ReadonlyMap<JsonValue | undefined, Handler> = new Map([
  ['add', add],
  ['remove', remove],
  ['replace', replace],
  ['move', move],
  ['copy', copy],
  ['test', test],
]);

function apply(state: PatchState, operation: JsonObject): void {
  const op = getField(operation, 'op');
  const handler = handlers.get(op);
  if (handler === undefined) {
    throw patchDoesNotApply(`Unexpected kind: ${typeof op === 'string' ? op : 'unknown'}`);
  }
  handler(state, operation);
}

function add(state: PatchState, operation: JsonObject): void {
  const place = placeFor(state, operation, 'add');
  addAt(place, fitting(place, newValue(operation)));
}

function remove(state: PatchState, operation: JsonObject): void {
  removeAt(placeFor(state, operation, 'remove'));
}

function replace(state: PatchState, operation: JsonObject): void {
  const value = newValue(operation);
  if (pointerOf(operation, 'path', 'replace') === '') {
    if (typeof value !== 'object' || value === null) {
      throw patchDoesNotApply('replace operation value must be object or array');
    }
    state.document = value;
    return;
  }
  const place = placeFor(state, operation, 'replace');
  replaceAt(place, fitting(place, value));
}

function move(state: PatchState, operation: JsonObject): void {
  const from = placeFor(state, operation, 'move from');
  const value = getAt(from) ?? null;
  removeAt(from);
  const place = placeFor(state, operation, 'move');
  addAt(place, fitting(place, value));
}

function copy(state: PatchState, operation: JsonObject): void {
  const value = cloneJson(getAt(placeFor(state, operation, 'copy from')) ?? null);
  const place = placeFor(state, operation, 'copy');
  fitting(place, value);
  if (value !== null) state.copiedBytes += utf8Length(JSON.stringify(value));
  if (state.copiedBytes > jsonPatchCopyBytesMax) {
    throw patchDoesNotApply(
      'Unable to complete the copy, the accumulated size increase of copy is ' +
        `${state.copiedBytes}, exceeding the limit ${jsonPatchCopyBytesMax}`,
    );
  }
  addAt(place, value);
}

function test(state: PatchState, operation: JsonObject): void {
  const pointer = pointerOf(operation, 'path', 'test');
  const expected = getField(operation, 'value');
  const actual = pointer === '' ? state.document : getAt(placeFor(state, operation, 'test'));
  // A field that is not there is null to a test.
  const isNull = (actual ?? null) === null;
  if (isNull ? (expected ?? null) === null : deepEqual(actual, expected)) return;
  throw patchDoesNotApply(`testing value ${pointer} failed: test failed`);
}

function newValue(operation: JsonObject): JsonValue {
  return cloneJson(getField(operation, 'value') ?? null);
}

function pointerOf(operation: JsonObject, field: 'path' | 'from', op: string): string {
  const pointer = getField(operation, field);
  if (typeof pointer === 'string') return pointer;
  throw patchDoesNotApply(`${op} operation failed to decode ${field}: missing value`);
}

/** What each use of a pointer says when its place is not there. */
const missing = {
  add: (pointer) => `add operation does not apply: doc is missing path: "${pointer}"`,
  remove: (pointer) => `remove operation does not apply: doc is missing path: "${pointer}"`,
  replace: (pointer) => `replace operation does not apply: doc is missing path: ${pointer}`,
  'move from': (pointer) => `move operation does not apply: doc is missing from path: ${pointer}`,
  move: (pointer) => `move operation does not apply: doc is missing destination path: ${pointer}`,
  'copy from': (pointer) => `copy operation does not apply: doc is missing from path: ${pointer}`,
  copy: (pointer) => `copy operation does not apply: doc is missing destination path: ${pointer}`,
  test: (pointer) => `test operation does not apply: is missing path: ${pointer}`,
} as const satisfies Record<string, (pointer: string) => string>;

function placeFor(state: PatchState, operation: JsonObject, use: keyof typeof missing): Place {
  const field = use.endsWith(' from') ? 'from' : 'path';
  const pointer = pointerOf(operation, field, use.replace(' from', ''));
  const place = placeOf(state.document, pointer);
  if (place !== undefined) return place;
  throw patchDoesNotApply(`${missing[use](pointer)}: missing value`);
}

/** The value, unless the document would get too deep with it: operations can nest what no body could carry. */
function fitting(place: Place, value: JsonValue): JsonValue {
  if (place.depth + depthOf(value) > jsonPatchDepthMax) {
    throw patchDoesNotApply(`the document would have more than ${jsonPatchDepthMax} levels`);
  }
  return value;
}

function depthOf(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0;
  let deepest = 0;
  for (const item of Object.values(value)) deepest = Math.max(deepest, depthOf(item));
  return deepest + 1;
}
