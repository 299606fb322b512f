import { decodePatched } from '../../api/codec/patched-object.js';
import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { isJsonObject } from '../../machinery/json-object.js';
import type { KubeObject } from '../../machinery/object.js';
import { StatusError } from '../../machinery/status.js';
import { failure } from '../../machinery/status-errors.js';
import type { Exchange } from '../exchange.js';
import type { ExpectedBody } from './decode-request.js';
import type { PatchType } from './patch-body.js';

/** What is told of a patch whose result is no object of its kind. */
export interface PatchBlame {
  readonly type: PatchType;
  readonly body: Uint8Array;
  readonly expected: ExpectedBody;
  /** What strict validation objects to in the patch itself. */
  readonly problems: readonly string[];
  /** The whole object as the patch makes it. */
  readonly patched: () => JsonValue;
}

const decoder = new TextDecoder();

/** What a patch makes of an object is judged as the patch's fault: 422 where a body would be 400, with the patch in the text. */
export function readPatched(
  exchange: Exchange,
  read: () => KubeObject,
  blame: PatchBlame,
): KubeObject {
  const { problems, expected } = blame;
  if (problems.length > 0 && expected.fieldValidation === 'Strict') refuse(blame);
  if (expected.fieldValidation === 'Warn') for (const problem of problems) exchange.warn(problem);
  try {
    return read();
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 400) throw error;
    refuse(blame);
    throw failure(422, 'Invalid', error.message, {});
  }
}

/** Reads it once more, in the way that tells what is wrong with it as Kubernetes does; returns when nothing is but its kind. */
function refuse({ type, body, expected, problems, patched }: PatchBlame): void {
  const value = patched();
  if (!isJsonObject(value)) return;
  const { fieldValidation } = expected;
  const strategicPatch =
    type === 'strategic' ? (JSON.parse(decoder.decode(body)) as JsonObject) : null;
  decodePatched(expected, { value, fieldValidation, problems, strategicPatch });
}
