import type { JsonValue } from '../json.js';
import { isJsonObject } from '../json-object.js';
import { StatusError } from '../status.js';
import { badRequest, failure } from '../status-errors.js';

/**
 * A patch that is well-formed but does not apply: a test fails, a path is missing. The API keeps why from the client; it is the
 * error's cause.
 */
export function patchDoesNotApply(why: string): StatusError {
  const { status } = failure(
    422,
    'Invalid',
    'the server rejected our request due to an error in our request',
    {},
  );
  return new StatusError(status, { cause: new Error(why) });
}

/** A directive of a strategic merge patch whose value has the wrong shape. */
export function badDirective(
  of: 'primitive list' | 'retainKeys' | 'setElementOrder list',
): StatusError {
  return badRequest(`invalid patch format of ${of}`);
}

/** What the API answers with 500 and the bare text, though the patch is to blame. */
export function patchFailure(text: string): StatusError {
  return failure(500, '', text);
}

/** An item of a list that is merged by key has no key. */
export function noMergeKey(item: JsonValue, mergeKey: string): StatusError {
  return patchFailure(`map: ${shown(item)} does not contain declared merge key: ${mergeKey}`);
}

/** `$patch` has a value that is not known at its place. */
export function unknownDirective(directive: JsonValue, holder: JsonValue): StatusError {
  return patchFailure(`unknown patch type: ${shown(directive)} in map: ${shown(holder)}`);
}

/** A value as these texts have it: `map[a:1 b:[x y]]`. */
export function shown(value: JsonValue): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(shown).join(' ')}]`;
  if (!isJsonObject(value)) return String(value);
  const fields = Object.keys(value)
    .sort()
    .map((name) => `${name}:${shown(value[name] as JsonValue)}`);
  return `map[${fields.join(' ')}]`;
}
