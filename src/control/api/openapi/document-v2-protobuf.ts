import { Writer } from '../../../wire/writer.js';
import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { isJsonObject } from '../../machinery/json-object.js';

/** Writes a value without its tag, from the end as a {@link Writer} does. */
interface Shape {
  readonly wireType: 0 | 1 | 2;
  write(writer: Writer, value: JsonValue): void;
}

/** Takes the value of a field from an object and writes it with its tag, or nothing when it is not there. */
type Field = (writer: Writer, object: JsonObject) => void;

/** A document of OpenAPI 2.0 in the protobuf form of gnostic (openapi.v2.Document), which kubectl reads. */
export function encodeDocumentV2(document: JsonObject): Uint8Array {
  const writer = new Writer();
  for (const field of documentFields) field(writer, document);
  return writer.finish();
}

const text: Shape = { wireType: 2, write: (writer, value) => writer.string(String(value)) };
const flag: Shape = { wireType: 0, write: (writer, value) => writer.bool(value === true) };
const decimal: Shape = { wireType: 1, write: (writer, value) => writer.double(Number(value)) };
const integer: Shape = {
  wireType: 0,
  write: (writer, value) => writer.int64Number(Math.trunc(Number(value))),
};

/** Any data: its text as YAML, of which JSON is a part. */
const any: Shape = sized((writer, value) => {
  writer.string(JSON.stringify(value));
  writer.tag(tag(2, text));
});

function tag(number: number, { wireType }: Shape): number {
  return number * 8 + wireType;
}

function sized(write: (writer: Writer, value: JsonValue) => void): Shape {
  return {
    wireType: 2,
    write(writer, value) {
      const sizeBefore = writer.size;
      write(writer, value);
      writer.length(sizeBefore);
    },
  };
}

/** A message with the fields of an object, in the reverse order of their numbers. */
function message(makeFields: () => readonly Field[]): Shape {
  return sized((writer, value) => {
    if (!isJsonObject(value)) return;
    for (const field of makeFields()) field(writer, value);
  });
}

/** A message that has a value in one of its fields. */
function wrapped(number: number, shape: Shape): Shape {
  return sized((writer, value) => {
    shape.write(writer, value);
    writer.tag(tag(number, shape));
  });
}

function one(number: number, name: string, shape: Shape): Field {
  return (writer, object) => {
    const value = object[name];
    if (value === undefined) return;
    shape.write(writer, value);
    writer.tag(tag(number, shape));
  };
}

function many(number: number, name: string, shape: Shape): Field {
  return (writer, object) => {
    const values = object[name];
    if (!Array.isArray(values)) return;
    for (const value of values.toReversed()) {
      shape.write(writer, value);
      writer.tag(tag(number, shape));
    }
  };
}

/** The members of an object that are chosen, each as a message of name and value. */
function named(
  number: number,
  shape: Shape,
  isChosen: (name: string) => boolean,
): (writer: Writer, object: JsonObject) => void {
  const entry = (name: string) =>
    sized((writer, value) => {
      shape.write(writer, value);
      writer.tag(tag(2, shape));
      writer.string(name);
      writer.tag(tag(1, text));
    });
  return (writer, object) => {
    for (const [name, value] of Object.entries(object).toReversed()) {
      if (!isChosen(name)) continue;
      entry(name).write(writer, value);
      writer.tag(number * 8 + 2);
    }
  };
}

const all = () => true;
const isExtension = (name: string) => name.startsWith('x-');

/** A message around named values, as `definitions` and `properties` are. */
function map(number: number, shape: Shape): Shape {
  const members = named(number, shape, all);
  return sized((writer, value) => {
    if (isJsonObject(value)) members(writer, value);
  });
}

function extensions(number: number): Field {
  return named(number, any, isExtension);
}

const schema: Shape = message(() => schemaFields);
const schemas: Shape = map(1, schema);

const schemaFields: readonly Field[] = [
  extensions(31),
  one(30, 'example', any),
  one(25, 'properties', schemas),
  many(24, 'allOf', schema),
  one(23, 'items', wrapped(1, schema)),
  one(22, 'type', wrapped(1, text)),
  (writer, object) => {
    const { additionalProperties: value } = object;
    if (value === undefined) return;
    const item = isJsonObject(value) ? wrapped(1, schema) : wrapped(2, flag);
    one(21, 'additionalProperties', item)(writer, object);
  },
  many(20, 'enum', any),
  many(19, 'required', text),
  one(18, 'minProperties', integer),
  one(17, 'maxProperties', integer),
  one(16, 'uniqueItems', flag),
  one(15, 'minItems', integer),
  one(14, 'maxItems', integer),
  one(13, 'pattern', text),
  one(12, 'minLength', integer),
  one(11, 'maxLength', integer),
  one(10, 'exclusiveMinimum', flag),
  one(9, 'minimum', decimal),
  one(8, 'exclusiveMaximum', flag),
  one(7, 'maximum', decimal),
  one(6, 'multipleOf', decimal),
  one(5, 'default', any),
  one(4, 'description', text),
  one(3, 'title', text),
  one(2, 'format', text),
  one(1, '$ref', text),
];

const response: Shape = message(() => [
  one(2, 'schema', wrapped(1, schema)),
  one(1, 'description', text),
]);

const responses: Shape = map(1, wrapped(1, response));

const bodyParameter: Shape = message(() => [
  one(5, 'schema', schema),
  one(4, 'required', flag),
  one(3, 'in', text),
  one(2, 'name', text),
  one(1, 'description', text),
]);

const queryParameter: Shape = message(() => [
  one(20, 'uniqueItems', flag),
  one(6, 'type', text),
  one(4, 'name', text),
  one(3, 'description', text),
  one(2, 'in', text),
  one(1, 'required', flag),
]);

const pathParameter: Shape = message(() => [
  one(19, 'uniqueItems', flag),
  one(5, 'type', text),
  one(4, 'name', text),
  one(3, 'description', text),
  one(2, 'in', text),
  one(1, 'required', flag),
]);

const parameterShapes: Readonly<Record<string, Shape>> = {
  body: wrapped(1, bodyParameter),
  query: wrapped(2, wrapped(3, queryParameter)),
  path: wrapped(2, wrapped(4, pathParameter)),
};

const parameterItem: Shape = wrapped(1, {
  wireType: 2,
  write(writer, value) {
    const where = isJsonObject(value) ? String(value.in) : '';
    parameterShapes[where]?.write(writer, value);
  },
});

const operation: Shape = message(() => [
  extensions(13),
  many(10, 'schemes', text),
  one(9, 'responses', responses),
  many(8, 'parameters', parameterItem),
  many(7, 'consumes', text),
  many(6, 'produces', text),
  one(5, 'operationId', text),
  one(3, 'description', text),
  many(1, 'tags', text),
]);

const pathItem: Shape = message(() => [
  many(9, 'parameters', parameterItem),
  one(8, 'patch', operation),
  one(7, 'head', operation),
  one(6, 'options', operation),
  one(5, 'delete', operation),
  one(4, 'post', operation),
  one(3, 'put', operation),
  one(2, 'get', operation),
]);

const apiKey: Shape = message(() => [
  one(4, 'description', text),
  one(3, 'in', text),
  one(2, 'name', text),
  one(1, 'type', text),
]);

const info: Shape = message(() => [one(2, 'version', text), one(1, 'title', text)]);

const documentFields: readonly Field[] = [
  one(13, 'securityDefinitions', map(1, wrapped(2, apiKey))),
  many(
    12,
    'security',
    map(
      1,
      message(() => []),
    ),
  ),
  one(9, 'definitions', schemas),
  one(8, 'paths', map(2, pathItem)),
  one(2, 'info', info),
  one(1, 'swagger', text),
];
