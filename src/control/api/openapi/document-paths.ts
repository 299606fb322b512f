import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { parametersIn } from './media-types.js';
import type { ApiOperation } from './operation.js';
import { type ParameterFact, pathParameters, queryParameters, requestName } from './parameters.js';
import { statusText } from './status-texts.js';

/** What the versions of OpenAPI write differently about operations. */
export interface PathStyle {
  /** The type of a parameter, as fields of the parameter. */
  parameterType(type: ParameterFact['type']): JsonObject;
  /** What an operation has besides its name, description and marks: its body, parameters and answers. */
  contentOf(operation: ApiOperation, parameters: readonly JsonObject[]): JsonObject;
  /** What an answer holds. */
  answerOf(operation: ApiOperation): JsonObject;
}

/** The paths of operations with their parameters, ordered by path. */
export function documentPaths(operations: readonly ApiOperation[], style: PathStyle): JsonObject {
  const paths: Record<string, JsonObject> = {};
  for (const operation of [...operations].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const path = paths[operation.path] ?? pathItem(operation, style);
    paths[operation.path] = path;
    path[operation.method] = operationOf(operation, style);
  }
  return paths;
}

/** How clients say who they are. */
export const bearerToken: JsonObject = {
  type: 'apiKey',
  description: 'A bearer token.',
  name: 'authorization',
  in: 'header',
};

function pathItem({ path, pathQuery }: ApiOperation, style: PathStyle): JsonObject {
  const inPath = [...parametersIn(path)].sort().map((name) => ({
    ...parameter(style, name, 'path', pathParameters[name]),
    required: true,
  }));
  const inQuery = pathQuery.map((name) => queryParameter(style, name));
  const parameters: JsonValue[] = [...inPath, ...inQuery];
  return parameters.length === 0 ? {} : { parameters };
}

function queryParameter(style: PathStyle, name: string): JsonObject {
  return parameter(style, requestName(name), 'query', queryParameters[name]);
}

function parameter(
  style: PathStyle,
  name: string,
  where: string,
  fact: ParameterFact | undefined,
): JsonObject {
  const { description = '', type = 'string' } = fact ?? {};
  return { name, in: where, description, ...style.parameterType(type) };
}

function operationOf(operation: ApiOperation, style: PathStyle): JsonObject {
  const { action, kind, query } = operation;
  const parameters = query.map((name) => queryParameter(style, name));
  return {
    tags: [operation.tag],
    description: operation.description,
    operationId: operation.id,
    ...style.contentOf(operation, parameters),
    responses: responsesOf(operation, style),
    ...(action === '' ? {} : { 'x-kubernetes-action': action }),
    ...(kind === null ? {} : { 'x-kubernetes-group-version-kind': kindMark(kind) }),
  };
}

function kindMark({ group, version, kind }: NonNullable<ApiOperation['kind']>): JsonObject {
  return { group, kind, version };
}

function responsesOf(operation: ApiOperation, style: PathStyle): JsonObject {
  const responses: Record<string, JsonObject> = {};
  for (const code of operation.codes)
    responses[code] = { description: statusText(code), ...style.answerOf(operation) };
  responses[401] = { description: statusText(401) };
  return responses;
}
