import type { JsonObject } from '../../machinery/json.js';
import { refTo } from './definition-schemas.js';
import { bearerToken, documentPaths, type PathStyle } from './document-paths.js';
import { answerTypes, bodyTypes } from './media-types.js';
import type { ApiOperation } from './operation.js';

/** A document of OpenAPI 3.0. */
export function documentV3(
  operations: readonly ApiOperation[],
  definitions: ReadonlyMap<string, JsonObject>,
  serverVersion: string,
): JsonObject {
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: serverVersion },
    paths: documentPaths(operations, style),
    components: {
      schemas: Object.fromEntries(definitions),
      securitySchemes: { BearerToken: bearerToken },
    },
    security: [{ BearerToken: [] }],
  };
}

const style: PathStyle = {
  parameterType: (type) => ({ schema: { type, uniqueItems: true } }),
  contentOf: (operation, parameters) => ({
    ...(parameters.length === 0 ? {} : { parameters: [...parameters] }),
    ...(operation.body === '' ? {} : { requestBody: requestBody(operation) }),
  }),
  answerOf(operation) {
    const { answer } = operation;
    const schema = answer === '' ? { type: 'string' } : { $ref: refTo(answer, 3) };
    return { content: contentOf(answerTypes(operation), schema) };
  },
};

function requestBody(operation: ApiOperation): JsonObject {
  const { body, isBodyRequired } = operation;
  return {
    content: contentOf(bodyTypes(operation), { $ref: refTo(body, 3) }),
    ...(isBodyRequired ? { required: true } : {}),
  };
}

function contentOf(types: readonly string[], schema: JsonObject): JsonObject {
  return Object.fromEntries(types.map((type) => [type, { schema }]));
}
