import { deepEqual } from '../../machinery/deep-equal.js';
import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { isJsonObject } from '../../machinery/json-object.js';
import { referencesIn, refTo } from './definition-schemas.js';

/**
 * One document of OpenAPI 2 of several. What is in a document before stays as it is there: a path that both have is the first's, and a
 * definition that differs gets another name (`x_v2`). Nothing that is given is changed.
 */
export function mergeDocumentsV2(first: JsonObject, others: readonly JsonObject[]): JsonObject {
  const paths = { ...objectIn(first, 'paths') };
  const definitions = { ...objectIn(first, 'definitions') };
  for (const other of others) {
    const own = withOwnParameters(other);
    const names = namesFor(objectIn(own, 'definitions'), definitions);
    for (const [name, schema] of Object.entries(objectIn(own, 'definitions'))) {
      const known = names.get(name) ?? name;
      definitions[known] ??= renamed(schema, names);
    }
    for (const [path, item] of Object.entries(objectIn(own, 'paths')))
      paths[path] ??= renamed(item, names);
  }
  return { ...first, paths: sorted(paths), definitions: sorted(definitions) };
}

/** What of a document is about paths that begin so, with the definitions that they need. */
export function documentBelow(document: JsonObject, prefix: string): JsonObject {
  const paths = Object.fromEntries(
    Object.entries(objectIn(document, 'paths')).filter(([path]) => path.startsWith(prefix)),
  );
  const all = objectIn(document, 'definitions');
  const found: Record<string, JsonValue> = {};
  const waiting = [...referencesIn(withOwnParameters({ ...document, paths }).paths ?? {})];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const schema = all[name];
    if (schema === undefined || found[name] !== undefined) continue;
    found[name] = schema;
    waiting.push(...referencesIn(schema));
  }
  return { ...document, paths, definitions: found };
}

const parametersPrefix = '#/parameters/';

/** The document with its shared parameters where they are used: who writes protobuf here knows no others. */
function withOwnParameters(document: JsonObject): JsonObject {
  const shared = objectIn(document, 'parameters');
  if (Object.keys(shared).length === 0) return document;
  const { parameters: _shared, ...rest } = document;
  const inlined = (value: JsonValue): JsonValue => {
    if (Array.isArray(value)) return value.map(inlined);
    if (!isJsonObject(value)) return value;
    const { $ref } = value;
    if (typeof $ref === 'string' && $ref.startsWith(parametersPrefix))
      return shared[$ref.slice(parametersPrefix.length)] ?? value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, inlined(each)]));
  };
  return { ...rest, paths: inlined(objectIn(document, 'paths')) };
}

/**
 * The names that definitions get beside those that are there. Two that are written alike are one when all that they refer to is one, too:
 * so names are given until none changes any more.
 */
function namesFor(own: JsonObject, there: JsonObject): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const isTaken = (name: string) =>
    there[name] !== undefined || own[name] !== undefined || [...names.values()].includes(name);
  for (let isSettled = false; !isSettled; ) {
    isSettled = true;
    for (const [name, schema] of Object.entries(own)) {
      const known = there[name];
      if (known === undefined || names.has(name)) continue;
      if (deepEqual(known, renamed(schema, names))) continue;
      let number = 2;
      while (isTaken(`${name}_v${number}`)) number++;
      names.set(name, `${name}_v${number}`);
      isSettled = false;
    }
  }
  return names;
}

function renamed(value: JsonValue, names: ReadonlyMap<string, string>): JsonValue {
  if (names.size === 0 || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => renamed(each, names));
  const entries = Object.entries(value).map(([key, each]): [string, JsonValue] => {
    if (key !== '$ref' || typeof each !== 'string') return [key, renamed(each, names)];
    const name = names.get(each.slice(each.lastIndexOf('/') + 1));
    return [key, name === undefined ? each : refTo(name, 2)];
  });
  return Object.fromEntries(entries);
}

function sorted(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function objectIn(document: JsonObject, field: string): JsonObject {
  const value = document[field];
  return isJsonObject(value) ? value : {};
}
