import type { JsonObject } from '../../machinery/json.js';
import { refTo } from './definition-schemas.js';
import { bearerToken, documentPaths, type PathStyle } from './document-paths.js';
import { answerTypes, bodyTypes } from './media-types.js';
import type { ApiOperation } from './operation.js';

/** A document of OpenAPI 2.0 (Swagger). */
export function documentV2(
  operations: readonly ApiOperation[],
  definitions: ReadonlyMap<string, JsonObject>,
  serverVersion: string,
): JsonObject {
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: serverVersion },
    paths: documentPaths(operations, style),
    definitions: Object.fromEntries(definitions),
    securityDefinitions: { BearerToken: bearerToken },
    security: [{ BearerToken: [] }],
  };
}

const style: PathStyle = {
  parameterType: (type) => ({ type, uniqueItems: true }),
  contentOf(operation, parameters) {
    const { body } = operation;
    const all = [...(body === '' ? [] : [bodyParameter(operation)]), ...parameters];
    return {
      consumes: body === '' ? ['*/*'] : [...bodyTypes(operation)],
      produces: [...answerTypes(operation)],
      schemes: ['https'],
      ...(all.length === 0 ? {} : { parameters: all }),
    };
  },
  answerOf: ({ answer }) => ({
    schema: answer === '' ? { type: 'string' } : { $ref: refTo(answer, 2) },
  }),
};

function bodyParameter({ body, isBodyRequired }: ApiOperation): JsonObject {
  const required = isBodyRequired ? { required: true } : {};
  return { name: 'body', in: 'body', ...required, schema: { $ref: refTo(body, 2) } };
}
