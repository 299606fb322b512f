import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { getField, isJsonObject } from '../../machinery/json-object.js';
import { apiVersionOf, type GroupVersionKind, type KubeObject } from '../../machinery/object.js';
import type { SchemaNode } from '../../machinery/schema-node.js';
import { badRequest } from '../../machinery/status-errors.js';
import { DecodeError, describeValue } from './decode-error.js';
import { scanJson } from './json-scan.js';
import { SchemaReader } from './schema-reader.js';

/** What happens to fields that the schema does not know and to repeated ones: refused, warned of, or dropped in silence. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** The kind that a body must be of. */
export interface DecodeTarget {
  readonly of: GroupVersionKind;
  readonly schema: SchemaNode;
  readonly isCustom?: boolean;
}

/** A body and how to read it. */
export interface DecodeRequest {
  readonly body: Uint8Array;
  readonly format: 'json' | 'yaml';
  readonly fieldValidation: FieldValidation;
}

/** An object that was read, with `metadata` in any case, and what the client is to be warned of. */
export interface DecodedObject {
  readonly object: KubeObject;
  readonly warnings: readonly string[];
}

/** Tells the kinds that there are from those that there are not. */
export interface KindLookup {
  kind(of: GroupVersionKind): { readonly schema: SchemaNode } | undefined;
}

/** Objects nested deeper than this are refused, as by Go's decoder, which gives up at 10,000. */
const depthMax = 1000;

/** Reads a body. Throws StatusError 400 with Kubernetes' texts. */
export function decodeObject(
  kinds: KindLookup,
  target: DecodeTarget,
  request: DecodeRequest,
): DecodedObject {
  const value = parse(request, target);
  const kind = kindOf(value, target, request);
  checkKind(kinds, kind, target);
  const reader = new SchemaReader();
  let object: JsonObject;
  try {
    object = reader.readObject(value, target.schema);
  } catch (error) {
    throw cannotBeHandled(kind, target, textOf(error));
  }
  const isStrict = request.fieldValidation === 'Strict';
  if (isStrict && reader.problems.length > 0)
    throw cannotBeHandled(kind, target, `strict decoding error: ${reader.problems.join(', ')}`);
  return {
    object: arrange(object, target.of),
    warnings: request.fieldValidation === 'Warn' ? reader.problems : [],
  };
}

function parse(request: DecodeRequest, target: DecodeTarget): JsonObject {
  const scan = scanJson(request.body);
  if (scan.depth > depthMax)
    throw unrecognized(request, target, jsonParseError('exceeded max depth'));
  let value: JsonValue;
  try {
    value = JSON.parse(Buffer.from(request.body).toString('utf8')) as JsonValue;
  } catch (error) {
    throw unrecognized(request, target, jsonParseError(textOf(error)));
  }
  if (value === null) return {};
  if (isJsonObject(value)) return value;
  throw unrecognized(
    request,
    target,
    jsonParseError(
      `json: cannot unmarshal ${describeValue(value)} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
    ),
  );
}

/** The kind that the body says it is of; what it leaves out is what is expected. */
function kindOf(value: JsonObject, target: DecodeTarget, request: DecodeRequest): GroupVersionKind {
  const [apiVersion, kind] = ['apiVersion', 'kind'].map((name) => {
    const field = getField(value, name) ?? '';
    if (typeof field === 'string') return field;
    const problem = `json: cannot unmarshal ${describeValue(field)} into Go struct field .${name} of type string`;
    throw unrecognized(request, target, jsonParseError(problem));
  }) as [string, string];
  const parts = apiVersion === '' || apiVersion === '/' ? [] : apiVersion.split('/');
  if (parts.length > 2)
    throw unrecognized(request, target, `unexpected GroupVersion string: ${apiVersion}`);
  const [group, version] = parts.length === 2 ? parts : ['', parts[0] ?? ''];
  const said = { group: group ?? '', version: version ?? '', kind: kind || target.of.kind };
  return said.group === '' && said.version === '' ? { ...target.of, kind: said.kind } : said;
}

const registry = 'pkg/api/legacyscheme/scheme.go:30';

function checkKind(kinds: KindLookup, kind: GroupVersionKind, target: DecodeTarget): void {
  const expected = target.of;
  if (
    kind.kind === expected.kind &&
    kind.group === expected.group &&
    kind.version === expected.version
  )
    return;
  const said = apiVersionOf(kind);
  if (kinds.kind(kind) === undefined)
    throw cannotBeHandled(
      kind,
      target,
      `no kind "${kind.kind}" is registered for version "${said}" in scheme "${registry}"`,
    );
  if (kind.kind !== expected.kind || kind.group !== expected.group) {
    const internal = `${packageOf(expected.group)}.${expected.kind}`;
    throw cannotBeHandled(
      kind,
      target,
      `converting (${kind.version}.${kind.kind}) to (${internal}): unknown conversion`,
    );
  }
  throw badRequest(
    `the API version in the data (${said}) does not match the expected API version (${apiVersionOf(expected)})`,
  );
}

/** What Kubernetes calls its own types of a group. */
function packageOf(group: string): string {
  return group === '' ? 'core' : (group.split('.')[0] ?? group);
}

function cannotBeHandled(kind: GroupVersionKind, target: DecodeTarget, text: string): Error {
  return badRequest(
    `${kind.kind} in version "${kind.version}" cannot be handled as a ${target.of.kind}: ${text}`,
  );
}

function jsonParseError(text: string): string {
  return `couldn't get version/kind; json parse error: ${text}`;
}

function unrecognized(request: DecodeRequest, target: DecodeTarget, text: string): Error {
  return badRequest(
    `the object provided is unrecognized (must be of type ${target.of.kind}): ${text} (${summaryOf(request.body)})`,
  );
}

const summaryBytes = 30;

/** The start of a body, as text when it looks like JSON. */
function summaryOf(body: Uint8Array): string {
  if (body.length === 0) return '<empty>';
  const isJson = body[0] === 0x7b;
  const text = Buffer.from(body.subarray(0, summaryBytes)).toString(isJson ? 'utf8' : 'hex');
  return body.length > summaryBytes ? `${text} ...` : text;
}

/** The object with its kind and metadata in front. */
function arrange(object: JsonObject, of: GroupVersionKind): KubeObject {
  const { apiVersion: _version, kind: _kind, metadata, ...fields } = object;
  return {
    apiVersion: apiVersionOf(of),
    kind: of.kind,
    metadata: isJsonObject(metadata) ? metadata : {},
    ...fields,
  };
}

function textOf(error: unknown): string {
  if (error instanceof DecodeError || error instanceof SyntaxError) return error.message;
  throw error;
}
