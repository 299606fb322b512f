import type { JsonObject } from '../../machinery/json.js';
import { isJsonObject } from '../../machinery/json-object.js';
import { apiVersionOf, type GroupVersionKind, type KubeObject } from '../../machinery/object.js';
import type { SchemaNode } from '../../machinery/schema-node.js';
import { type Body, type BodyFormat, parseBody } from './body.js';
import { readCustomObject } from './custom-object.js';
import { DecodeError, describeValue, ExactNumber } from './decode-error.js';
import { cannotBeHandled, checkKind, type KindLookup, kindOf, unrecognized } from './envelope.js';
import { SchemaReader } from './schema-reader.js';

/** What happens to fields that the schema does not know and to repeated ones: refused, warned of, or dropped in silence. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** The kind that a body must be of; a ServedKind is one. */
export interface DecodeTarget {
  readonly of: GroupVersionKind;
  readonly schema: SchemaNode;
  /** A custom resource: types are left to validation. */
  readonly isCustom?: boolean;
}

/** A body and how to read it. */
export interface DecodeRequest {
  readonly body: Uint8Array;
  readonly format: BodyFormat;
  readonly fieldValidation: FieldValidation;
}

/** An object that was read, with `metadata` in any case, and what the client is to be warned of. */
export interface DecodedObject {
  readonly object: KubeObject;
  readonly warnings: readonly string[];
}

/** Reads a body as an object of the kind. Throws StatusError 400 with Kubernetes' texts. */
export function decodeObject(
  kinds: KindLookup,
  target: DecodeTarget,
  request: DecodeRequest,
): DecodedObject {
  const body = readBody(request, target);
  const kind = kindOf(body.value, target, request.body);
  checkKind(kinds, kind, target);
  const read = readOrRefuse(body, request, kind, target);
  const problems = [...body.problems, ...read.problems];
  if (request.fieldValidation === 'Strict' && problems.length > 0)
    throw cannotBeHandled(kind, target, strictDecodingText(problems));
  const warnings = request.fieldValidation === 'Warn' ? problems : [];
  return { object: read.object, warnings };
}

/** What strict validation says of all its objections together. */
export function strictDecodingText(problems: readonly string[]): string {
  return `strict decoding error: ${problems.join(', ')}`;
}

/** An object that was read from data, and what strict validation objects to. */
export interface ReadObject {
  readonly object: KubeObject;
  readonly problems: readonly string[];
}

/**
 * Reads JSON data, as what a patch makes of an object, as an object of the kind; whatever kind it says it is. The data is left as it
 * is. Throws DecodeError with the text of Go's decoder.
 */
export function readObject(value: JsonObject, target: DecodeTarget): ReadObject {
  const reader = new SchemaReader();
  return { object: readWith(reader, value, target), problems: reader.problems };
}

/** The object as it looks after it was stored and read again: zero values dropped and written as Kubernetes does. A new object. */
export function canonicalObject<T extends KubeObject>(object: T, target: DecodeTarget): T {
  return readObject(object as unknown as JsonObject, target).object as T;
}

function readWith(reader: SchemaReader, value: JsonObject, target: DecodeTarget): KubeObject {
  const object = target.isCustom
    ? readCustomObject(reader, value, target.schema)
    : reader.readObject(value, target.schema);
  return arrange(object, target.of);
}

type ObjectBody = Body & { readonly value: JsonObject };

function readBody(request: DecodeRequest, target: DecodeTarget): ObjectBody {
  try {
    return asObject(parseBody(request.body, request.format));
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const text =
      request.format === 'json'
        ? `couldn't get version/kind; json parse error: ${error.message}`
        : error.message;
    throw unrecognized(request.body, target, text);
  }
}

function readOrRefuse(
  body: ObjectBody,
  request: DecodeRequest,
  kind: GroupVersionKind,
  target: DecodeTarget,
): ReadObject {
  const reader = new SchemaReader({ repeated: body.repeated });
  try {
    const object = readWith(reader, body.value, target);
    const isComplete = body.isExact || reader.memberCount === body.memberCount;
    if (isComplete || request.fieldValidation === 'Ignore')
      return { object, problems: reader.problems };
    return readOrRefuse(asObject(body.exact()), request, kind, target);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw cannotBeHandled(kind, target, error.message);
  }
}

const metaType =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

/** Null counts as an object without fields. */
function asObject(body: Body): ObjectBody {
  const value = body.value ?? {};
  if (isJsonObject(value) && !(value instanceof ExactNumber)) return { ...body, value };
  const what = describeValue(value);
  throw new DecodeError(`json: cannot unmarshal ${what} into Go value of type ${metaType}`);
}

/** The object with its kind and metadata in front. */
export function arrange(object: JsonObject, of: GroupVersionKind): KubeObject {
  const { apiVersion: _version, kind: _kind, metadata, ...fields } = object;
  return {
    apiVersion: apiVersionOf(of),
    kind: of.kind,
    metadata: isJsonObject(metadata) ? metadata : {},
    ...fields,
  };
}
