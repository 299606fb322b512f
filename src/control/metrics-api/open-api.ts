import { metaDefinition } from '../api/openapi/definition-names.js';
import { type OpenApiVersion, refTo } from '../api/openapi/definition-schemas.js';
import { openApiDocument } from '../api/openapi/document.js';
import type { ApiOperation } from '../api/openapi/operation.js';
import { operationId, tagOf } from '../api/openapi/operation-id.js';
import type { JsonObject } from '../machinery/json.js';
import { metricsVersion } from './metrics-objects.js';

const [group = '', version = ''] = metricsVersion.split('/');

/** The OpenAPI document of what is served, by which clients explain it. */
export function metricsOpenApi(openApi: OpenApiVersion): JsonObject {
  const definitions = new Map([
    [nameOf('NodeMetrics'), objectSchema('NodeMetrics', nodeFields, openApi)],
    [nameOf('PodMetrics'), objectSchema('PodMetrics', podFields(openApi), openApi)],
    [nameOf('NodeMetricsList'), listSchema('NodeMetrics', openApi)],
    [nameOf('PodMetricsList'), listSchema('PodMetrics', openApi)],
    [nameOf('ContainerMetrics'), containerSchema],
  ]);
  return openApiDocument(openApi, { operations, custom: [], definitions, serverVersion: version });
}

const base = `/apis/${metricsVersion}`;

const operations: readonly ApiOperation[] = [
  operation('list', 'NodeMetrics', `${base}/nodes`),
  operation('get', 'NodeMetrics', `${base}/nodes/{name}`),
  operation('list', 'PodMetrics', `${base}/pods`),
  operation('list', 'PodMetrics', `${base}/namespaces/{namespace}/pods`),
  operation('get', 'PodMetrics', `${base}/namespaces/{namespace}/pods/{name}`),
];

function operation(
  action: 'get' | 'list',
  kind: 'NodeMetrics' | 'PodMetrics',
  path: string,
): ApiOperation {
  const isNamespaced = path.includes('{namespace}');
  return {
    ...{ path, method: 'get', action, kind: { group, version, kind }, tag: tagOf(group, version) },
    id: operationId({
      ...{ group, version, action, method: 'get', kind, subresource: '' },
      isNamespaced: kind === 'PodMetrics',
      isForAllNamespaces: kind === 'PodMetrics' && !isNamespaced,
      hasPath: false,
    }),
    description: `${action === 'get' ? 'Reads' : 'Lists'} objects of kind ${kind}.`,
    query: action === 'list' ? ['fieldSelector', 'labelSelector'] : [],
    pathQuery: [],
    ...{ body: '', isBodyRequired: false, codes: [200], content: 'json' },
    answer: nameOf(action === 'get' ? kind : `${kind}List`),
  };
}

function nameOf(kind: string): string {
  return `io.k8s.metrics.pkg.apis.metrics.v1beta1.${kind}`;
}

const time: JsonObject = { type: 'string', format: 'date-time' };
const amounts: JsonObject = {
  type: 'object',
  description: 'How much of each resource: `cpu` in cores, `memory` in bytes.',
  additionalProperties: { type: 'string' },
};

const measured: JsonObject = {
  timestamp: { ...time, description: 'When the window ended in which this was measured.' },
  window: { type: 'string', description: 'How long that window was.' },
};

const nodeFields: JsonObject = { ...measured, usage: amounts };

const podFields = (openApi: OpenApiVersion): JsonObject => ({
  ...measured,
  containers: {
    type: 'array',
    description: 'What each container of the pod uses.',
    items: { $ref: refTo(nameOf('ContainerMetrics'), openApi) },
  },
});

const containerSchema: JsonObject = {
  type: 'object',
  description: 'What a container uses.',
  required: ['name', 'usage'],
  properties: {
    name: { type: 'string', description: 'The name of the container, as the pod has it.' },
    usage: amounts,
  },
};

const typeFields: JsonObject = {
  apiVersion: { type: 'string', description: 'The version of the API that the object is of.' },
  kind: { type: 'string', description: 'What the object is.' },
};

const says: Readonly<Record<string, string>> = {
  NodeMetrics: 'What a node uses.',
  PodMetrics: 'What a pod uses.',
};

function objectSchema(kind: string, fields: JsonObject, openApi: OpenApiVersion): JsonObject {
  return {
    type: 'object',
    ...(says[kind] === undefined ? {} : { description: says[kind] }),
    required: Object.keys(fields),
    properties: {
      ...typeFields,
      metadata: reference(metaDefinition('ObjectMeta'), openApi),
      ...fields,
    },
    ...kindMark(kind),
  };
}

function listSchema(kind: string, openApi: OpenApiVersion): JsonObject {
  return {
    type: 'object',
    description: `A list of ${kind}.`,
    required: ['items'],
    properties: {
      ...typeFields,
      metadata: reference(metaDefinition('ListMeta'), openApi),
      items: { type: 'array', items: { $ref: refTo(nameOf(kind), openApi) } },
    },
    ...kindMark(`${kind}List`),
  };
}

function reference(definition: string, openApi: OpenApiVersion): JsonObject {
  return { $ref: refTo(definition, openApi) };
}

function kindMark(kind: string): JsonObject {
  return { 'x-kubernetes-group-version-kind': [{ group, version, kind }] };
}
