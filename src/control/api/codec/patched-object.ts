import { fieldPath, invalidValue } from '../../machinery/field-path.js';
import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { invalid } from '../../machinery/status-errors.js';
import { type BodyFormat, parseBody } from './body.js';
import { readCustomObject } from './custom-object.js';
import {
  arrange,
  type DecodedObject,
  type DecodeTarget,
  type FieldValidation,
  strictDecodingText,
} from './decode.js';
import { DecodeError } from './decode-error.js';
import { goValueText } from './go-value.js';
import { SchemaReader } from './schema-reader.js';

/** A document that is no object of a kind, as a patch. */
export interface PatchDocument {
  readonly value: JsonValue;
  /** What strict validation objects to: repeated members. */
  readonly problems: readonly string[];
}

/** Parses a patch. Throws DecodeError with the text of Go's parsers. */
export function parsePatchDocument(bytes: Uint8Array, format: BodyFormat): PatchDocument {
  const body = parseBody(bytes, format).exact();
  const reader = new SchemaReader({ repeated: body.repeated });
  const { value } = reader.copyObject({ value: body.value as JsonValue });
  const problems = reader.problems.map((problem) => problem.replace(/"value\.?/, '"'));
  return { value: value ?? null, problems: [...body.problems, ...problems] };
}

/** What a patch made of an object. */
export interface PatchedObject {
  readonly value: JsonObject;
  readonly fieldValidation: FieldValidation;
  /** What strict validation objected to in the patch itself. */
  readonly problems: readonly string[];
  /** A strategic merge patch; null for other types. Refusals show it, of other types they show the patched object. */
  readonly strategicPatch: JsonObject | null;
}

/** Reads what a patch made as an object of the kind. Throws StatusError 422 with Kubernetes' texts: the patch is to blame. */
export function decodePatched(target: DecodeTarget, patched: PatchedObject): DecodedObject {
  const { value, fieldValidation, strategicPatch } = patched;
  const reader = new SchemaReader({ wording: strategicPatch === null ? 'json' : 'conversion' });
  try {
    const object = target.isCustom
      ? readCustomObject(reader, value, target.schema)
      : reader.readObject(value, target.schema);
    const problems = [...patched.problems, ...reader.problems];
    if (fieldValidation === 'Strict' && problems.length > 0)
      throw new DecodeError(strictDecodingText(problems));
    const warnings = fieldValidation === 'Warn' ? problems : [];
    return { object: arrange(object, target.of), warnings };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const shown = strategicPatch === null ? JSON.stringify(value) : goValueText(strategicPatch);
    const fieldError = invalidValue(fieldPath('patch'), shown, error.message);
    throw invalid({ group: '', kind: '' }, '', [fieldError]);
  }
}
