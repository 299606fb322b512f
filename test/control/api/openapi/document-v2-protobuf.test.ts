import protobuf from 'protobufjs';
import t from 'tap';
import { encodeDocumentV2 } from '../../../../src/control/api/openapi/document-v2-protobuf.js';
import { OpenApi } from '../../../../src/control/api/openapi/open-api.js';
import { Scheme } from '../../../../src/control/api/scheme.js';
import type { JsonObject } from '../../../../src/control/machinery/json.js';

/** The parts of gnostic's openapi.v2 that are read below. */
const { root } = protobuf.parse(`
syntax = "proto3";
message Any { string yaml = 2; }
message NamedAny { string name = 1; Any value = 2; }
message NamedSchema { string name = 1; Schema value = 2; }
message Properties { repeated NamedSchema additional_properties = 1; }
message TypeItem { repeated string value = 1; }
message ItemsItem { repeated Schema schema = 1; }
message AdditionalPropertiesItem { oneof oneof { Schema schema = 1; bool boolean = 2; } }
message Schema {
  string _ref = 1; string format = 2; string description = 4; Any default = 5; double maximum = 7; int64 max_length = 11;
  string pattern = 13; bool unique_items = 16; repeated string required = 19; repeated Any enum = 20;
  AdditionalPropertiesItem additional_properties = 21; TypeItem type = 22; ItemsItem items = 23; Properties properties = 25;
  repeated NamedAny vendor_extension = 31;
}
message QueryParameterSubSchema { bool required = 1; string in = 2; string description = 3; string name = 4; string type = 6; }
message PathParameterSubSchema { bool required = 1; string in = 2; string name = 4; string type = 5; }
message BodyParameter { string name = 2; string in = 3; bool required = 4; Schema schema = 5; }
message NonBodyParameter { oneof oneof { QueryParameterSubSchema query = 3; PathParameterSubSchema path = 4; } }
message Parameter { oneof oneof { BodyParameter body = 1; NonBodyParameter other = 2; } }
message ParametersItem { oneof oneof { Parameter parameter = 1; } }
message SchemaItem { oneof oneof { Schema schema = 1; } }
message Response { string description = 1; SchemaItem schema = 2; }
message ResponseValue { oneof oneof { Response response = 1; } }
message NamedResponseValue { string name = 1; ResponseValue value = 2; }
message Responses { repeated NamedResponseValue response_code = 1; }
message Operation {
  repeated string tags = 1; string operation_id = 5; repeated string produces = 6; repeated string consumes = 7;
  repeated ParametersItem parameters = 8; Responses responses = 9; repeated string schemes = 10;
  repeated NamedAny vendor_extension = 13;
}
message PathItem { Operation get = 2; Operation patch = 8; repeated ParametersItem parameters = 9; }
message NamedPathItem { string name = 1; PathItem value = 2; }
message Paths { repeated NamedPathItem path = 2; }
message Definitions { repeated NamedSchema additional_properties = 1; }
message Info { string title = 1; string version = 2; }
message Document { string swagger = 1; Info info = 2; Paths paths = 8; Definitions definitions = 9; }
`);

// biome-ignore lint/suspicious/noExplicitAny: what protobufjs decodes without generated types.
type Decoded = any;

function decode(bytes: Uint8Array): Decoded {
  return root
    .lookupType('Document')
    .toObject(root.lookupType('Document').decode(bytes), { longs: Number });
}

t.test('encodeDocumentV2 writes what a reader of gnostic finds again', async (t) => {
  const schema: JsonObject = {
    type: 'object',
    description: 'ä',
    required: ['a', 'b'],
    maximum: 1.5,
    maxLength: 300,
    pattern: '^a',
    uniqueItems: true,
    enum: ['x', 1],
    additionalProperties: { type: 'string' },
    properties: {
      a: { type: 'array', items: { $ref: '#/definitions/B' } },
      b: { additionalProperties: false },
    },
    'x-kubernetes-list-map-keys': ['name'],
  };
  const { definitions } = decode(
    encodeDocumentV2({ swagger: '2.0', definitions: { A: schema, B: {} } }),
  );
  const [a, b] = definitions.additionalProperties;
  t.strictSame([a.name, b.name], ['A', 'B']);
  t.match(a.value, {
    type: { value: ['object'] },
    description: 'ä',
    required: ['a', 'b'],
    maximum: 1.5,
    maxLength: 300,
    pattern: '^a',
    uniqueItems: true,
    enum: [{ yaml: '"x"' }, { yaml: '1' }],
    additionalProperties: { schema: { type: { value: ['string'] } } },
    vendorExtension: [{ name: 'x-kubernetes-list-map-keys', value: { yaml: '["name"]' } }],
  });
  const [first, second] = a.value.properties.additionalProperties;
  t.match(first.value.items, { schema: [{ _ref: '#/definitions/B' }] });
  t.match(second.value, { additionalProperties: { boolean: false } });
});

t.test('version2 says the same in protobuf as in JSON', async (t) => {
  const documents = new OpenApi(new Scheme(), { serverVersion: 'v1.36.0' });
  const json = JSON.parse(Buffer.from(documents.version2('json').bytes).toString());
  const decoded = decode(documents.version2('protobuf').bytes);
  t.match(decoded, { swagger: '2.0', info: { title: 'Kubernetes', version: 'v1.36.0' } });
  const names = (all: { name: string }[]) => all.map(({ name }) => name);
  t.strictSame(names(decoded.paths.path), Object.keys(json.paths));
  t.strictSame(names(decoded.definitions.additionalProperties), Object.keys(json.definitions));
  const path = '/apis/apps/v1/namespaces/{namespace}/deployments/{name}';
  const { value } = decoded.paths.path.find(({ name }: { name: string }) => name === path);
  const expected = json.paths[path];
  t.equal(value.patch.operationId, expected.patch.operationId);
  t.strictSame(value.patch.consumes, expected.patch.consumes);
  const query = value.patch.parameters.flatMap(
    (one: Decoded) => one.parameter.other?.query?.name ?? [],
  );
  t.strictSame(query, ['dryRun', 'fieldManager', 'fieldValidation', 'force']);
  const body = value.patch.parameters.flatMap((one: Decoded) => one.parameter.body?.name ?? []);
  t.strictSame(body, ['body']);
  const inPath = value.parameters.flatMap((one: Decoded) => one.parameter.other?.path?.name ?? []);
  t.strictSame(inPath, ['name', 'namespace']);
  t.match(
    value.patch.vendorExtension.map(({ name }: { name: string }) => name),
    ['x-kubernetes-action', 'x-kubernetes-group-version-kind'],
  );
  t.match(value.patch.responses.responseCode[0], {
    name: '200',
    value: {
      response: { schema: { schema: { _ref: '#/definitions/io.k8s.api.apps.v1.Deployment' } } },
    },
  });
});
