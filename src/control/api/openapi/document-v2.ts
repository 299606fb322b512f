import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { refTo } from './definition-schemas.js';
import { answerTypes, bodyTypes, parametersIn } from './media-types.js';
import type { ApiOperation } from './operation.js';
import { type ParameterFact, pathParameters, queryParameters, requestName } from './parameters.js';
import { statusText } from './status-texts.js';

/** A document of OpenAPI 2.0 (Swagger). */
export function documentV2(
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
    swagger: '2.0',
    info: { title: 'Kubernetes', version: serverVersion },
    paths,
    definitions: Object.fromEntries(definitions),
    securityDefinitions: {
      BearerToken: {
        type: 'apiKey',
        description: 'A bearer token.',
        name: 'authorization',
        in: 'header',
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
  return { name, in: where, description, type, uniqueItems: true };
}

function operationOf(operation: ApiOperation): JsonObject {
  const { action, kind, body, isBodyRequired } = operation;
  const parameters: JsonValue[] = operation.query.map(queryParameter);
  if (body !== '') {
    const required = isBodyRequired ? { required: true } : {};
    parameters.unshift({ name: 'body', in: 'body', ...required, schema: { $ref: refTo(body, 2) } });
  }
  return {
    tags: [operation.tag],
    description: operation.description,
    operationId: operation.id,
    consumes: body === '' ? ['*/*'] : [...bodyTypes(operation)],
    produces: [...answerTypes(operation)],
    schemes: ['https'],
    ...(parameters.length === 0 ? {} : { parameters }),
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

function responsesOf({ answer, codes }: ApiOperation): JsonObject {
  const schema = answer === '' ? { type: 'string' } : { $ref: refTo(answer, 2) };
  const responses: Record<string, JsonObject> = {};
  for (const code of codes) responses[code] = { description: statusText(code), schema };
  responses[401] = { description: statusText(401) };
  return responses;
}
