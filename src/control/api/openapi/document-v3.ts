import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { refTo } from './definition-schemas.js';
import { answerTypes, bodyTypes, parametersIn } from './media-types.js';
import type { ApiOperation } from './operation.js';
import { type ParameterFact, pathParameters, queryParameters, requestName } from './parameters.js';
import { statusText } from './status-texts.js';

/** A document of OpenAPI 3.0. */
export function documentV3(
  operations: readonly ApiOperation[],
  definitions: ReadonlyMap<string, JsonObject>,
  serverVersion: string,
): JsonObject {
  const paths: Record<string, JsonObject> = {};
  for (const operation of [...operations].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const path = paths[operation.path] ?? pathItem(operation);
    paths[operation.path] = path;
    path[operation.method] = operationOf(operation);
  }
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: serverVersion },
    paths,
    components: {
      schemas: Object.fromEntries(definitions),
      securitySchemes: {
        BearerToken: {
          type: 'apiKey',
          description: 'A bearer token.',
          name: 'authorization',
          in: 'header',
        },
      },
    },
    security: [{ BearerToken: [] }],
  };
}

function pathItem({ path, pathQuery }: ApiOperation): JsonObject {
  const parameters: JsonValue[] = [...parametersIn(path)].sort().map((name) => ({
    ...parameter(name, 'path', pathParameters[name]),
    required: true,
  }));
  parameters.push(...pathQuery.map(queryParameter));
  return parameters.length === 0 ? {} : { parameters };
}

function queryParameter(name: string): JsonObject {
  return parameter(requestName(name), 'query', queryParameters[name]);
}

function parameter(name: string, where: string, fact: ParameterFact | undefined): JsonObject {
  const { description = '', type = 'string' } = fact ?? {};
  return { name, in: where, description, schema: { type, uniqueItems: true } };
}

function operationOf(operation: ApiOperation): JsonObject {
  const { action, kind, body, query } = operation;
  const parameters = query.map(queryParameter);
  return {
    tags: [operation.tag],
    description: operation.description,
    operationId: operation.id,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === '' ? {} : { requestBody: requestBody(operation) }),
    responses: responsesOf(operation),
    ...(action === '' ? {} : { 'x-kubernetes-action': action }),
    ...(kind === null
      ? {}
      : {
          'x-kubernetes-group-version-kind': {
            group: kind.group,
            kind: kind.kind,
            version: kind.version,
          },
        }),
  };
}

function requestBody(operation: ApiOperation): JsonObject {
  const { body, isBodyRequired } = operation;
  return {
    content: contentOf(bodyTypes(operation), { $ref: refTo(body, 3) }),
    ...(isBodyRequired ? { required: true } : {}),
  };
}

function responsesOf(operation: ApiOperation): JsonObject {
  const { answer, codes } = operation;
  const schema = answer === '' ? { type: 'string' } : { $ref: refTo(answer, 3) };
  const responses: Record<string, JsonObject> = {};
  for (const code of codes) {
    const content = contentOf(answerTypes(operation), schema);
    responses[code] = { description: statusText(code), content };
  }
  responses[401] = { description: statusText(401) };
  return responses;
}

function contentOf(types: readonly string[], schema: JsonObject): JsonObject {
  return Object.fromEntries(types.map((type) => [type, { schema }]));
}
