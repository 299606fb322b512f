import { depthMax } from '../../api/codec/body.js';
import type { FieldValidation } from '../../api/codec/decode.js';
import { DecodeError, describeValue } from '../../api/codec/decode-error.js';
import { scanJson } from '../../api/codec/json-scan.js';
import { type PatchDocument, parsePatchDocument } from '../../api/codec/patched-object.js';
import type { JsonValue } from '../../machinery/json.js';
import { isJsonObject } from '../../machinery/json-object.js';
import type { StatusError } from '../../machinery/status.js';
import { badRequest } from '../../machinery/status-errors.js';

/** Reads the body of a patch, and unless validation is to ignore it, what is said twice in it. Throws 400 in the words of Go's decoder. */
export function readPatchDocument(
  body: Uint8Array,
  fieldValidation: FieldValidation,
): PatchDocument {
  const { depth, memberCount } = scanJson(body);
  const value = depth > depthMax ? undefined : parseFast(body);
  const isWhole = value !== undefined && countMembers(value) === memberCount;
  if (value !== undefined && (isWhole || fieldValidation === 'Ignore'))
    return { value, problems: [] };
  try {
    return parsePatchDocument(body, 'json');
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw badRequest(`error decoding patch: ${error.message}`);
  }
}

const operationFields: ReadonlySet<string> = new Set(['op', 'path', 'from', 'value']);

/**
 * What strict validation objects to in the operations of a JSON patch: members said twice, and those that no operation has. Throws 400
 * for what are no operations.
 */
export function operationProblems({ value, problems }: PatchDocument): readonly string[] {
  const operations = value ?? [];
  if (!Array.isArray(operations)) throw wrongType(value, 'value of type []handlers.jsonPatchOp');
  const unknown = operations.flatMap((operation, at) => {
    if (operation === null) return [];
    if (!isJsonObject(operation)) throw wrongType(operation, 'value of type handlers.jsonPatchOp');
    for (const name of ['op', 'path', 'from']) {
      const member = operation[name] ?? '';
      if (typeof member !== 'string')
        throw wrongType(member, `struct field jsonPatchOp.${name} of type string`);
    }
    return Object.keys(operation)
      .filter((name) => !operationFields.has(name))
      .map((name) => `unknown field "[${at}].${name}"`);
  });
  return [...problems, ...unknown].map((problem) => `json patch ${problem}`);
}

function wrongType(value: JsonValue, where: string): StatusError {
  const what = describeValue(value);
  return badRequest(`error decoding patch: json: cannot unmarshal ${what} into Go ${where}`);
}

/** Undefined for what is no JSON. What is nested deeper than is allowed is refused by the slow way, in its words. */
function parseFast(body: Uint8Array): JsonValue | undefined {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

function countMembers(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0;
  const members = Object.values(value);
  const own = Array.isArray(value) ? 0 : members.length;
  return members.reduce((count: number, member) => count + countMembers(member), own);
}
