import type { Logger } from '../../base/logger.js';
import type { WebHandler, WebRequest, WebResponse } from '../../rpc/index.js';
import type { AccessAttributes, RequestUser } from '../delegation/index.js';
import { parseFieldSelector } from '../machinery/field-selector.js';
import type { JsonObject } from '../machinery/json.js';
import { parseLabelSelector } from '../machinery/label-selector.js';
import { StatusError } from '../machinery/status.js';
import {
  badRequest,
  failure,
  forbidden,
  methodNotAllowed,
  notFound,
  statusOf,
  unauthorized,
} from '../machinery/status-errors.js';
import { type ApiDocument, documentAt } from './documents.js';
import { type MetricsObject, metricsVersion } from './metrics-objects.js';
import type { MetricsSource } from './metrics-source.js';
import { metricsTable, tableVersion } from './metrics-table.js';

/** What the metrics API is served with. */
export interface MetricsApiOptions {
  readonly source: MetricsSource;
  /** Who asks, or why that is not known. */
  readonly authenticate: (
    request: WebRequest,
  ) => Promise<{ readonly user: RequestUser } | { readonly refusal: string }>;
  readonly isAllowed: (user: RequestUser, attributes: AccessAttributes) => Promise<boolean>;
  readonly logger: Logger;
}

const [group = '', version = ''] = metricsVersion.split('/');

/** A request for metrics. */
interface Place {
  readonly resource: 'nodes' | 'pods';
  readonly namespace: string;
  /** '' is all. */
  readonly name: string;
}

/** Serves metrics.k8s.io/v1beta1 to those who may read it, which the API server is asked. */
export function metricsApi(options: MetricsApiOptions): WebHandler {
  return async (request, response) => {
    try {
      const { content, tag } = await answerTo(request, options);
      if (tag !== '' && isKnown(request, tag)) sendUnchanged(response, tag);
      else send(response, 200, content, tag);
    } catch (error) {
      if (!(error instanceof StatusError)) {
        options.logger.error('a request failed', { path: request.path, error: String(error) });
      }
      const status = statusOf(error);
      send(response, status.code, status);
    }
  };
}

async function answerTo(request: WebRequest, options: MetricsApiOptions): Promise<ApiDocument> {
  const { method, path } = request;
  const found = await options.authenticate(request);
  if ('refusal' in found) {
    options.logger.debug('a request was not authenticated', { why: found.refusal });
    throw unauthorized('Unauthorized');
  }
  const place = placeOf(path);
  const verb = verbOf(method, place);
  await authorize(found.user, place, { verb, path }, options);
  const resource = { group, resource: place?.resource ?? '' };
  if (method !== 'GET' && method !== 'HEAD') throw methodNotAllowed(resource, verb);
  if (place === null) {
    const document = documentAt(path.replace(/\/$/, ''));
    if (document !== undefined) return document;
    throw failure(404, 'NotFound', 'the server could not find the requested resource');
  }
  const content =
    place.name === '' ? listOf(place, request, options) : objectOf(place, request, options);
  return { content, tag: '' };
}

/** Whether the client has the document with this tag already. */
function isKnown({ headers }: WebRequest, tag: string): boolean {
  const known = (headers.get('if-none-match') ?? '').split(',').map((each) => each.trim());
  return known.includes(`"${tag}"`);
}

function sendUnchanged(response: WebResponse, tag: string): void {
  response.start(304, { etag: `"${tag}"` });
  response.end();
}

const verbs: Readonly<Record<string, string>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

function verbOf(method: string, place: Place | null): string {
  const reading = place === null || place.name !== '' ? 'get' : 'list';
  return verbs[method] ?? reading;
}

/** Null: it is no path of metrics. */
function placeOf(path: string): Place | null {
  const [root, inGroup, inVersion, ...parts] = path.split('/').slice(1).map(decoded);
  if (root !== 'apis' || inGroup !== group || inVersion !== version) return null;
  const [first, second = '', third, fourth = ''] = parts;
  if (first === 'nodes' && parts.length <= 2)
    return { resource: 'nodes', namespace: '', name: second };
  if (first === 'pods' && parts.length === 1) return { resource: 'pods', namespace: '', name: '' };
  const isInNamespace = first === 'namespaces' && second !== '' && third === 'pods';
  return isInNamespace && parts.length <= 4
    ? { resource: 'pods', namespace: second, name: fourth }
    : null;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw badRequest(`the path has ${JSON.stringify(part)} in it, which cannot be read`);
  }
}

async function authorize(
  user: RequestUser,
  place: Place | null,
  { verb, path }: { readonly verb: string; readonly path: string },
  { isAllowed }: MetricsApiOptions,
): Promise<void> {
  // Who has all rights has them without being asked for; the API server checks us as one of them.
  if (user.groups.includes('system:masters')) return;
  const attributes: AccessAttributes =
    place === null
      ? { kind: 'path', verb, path }
      : { kind: 'resource', verb, group, version, subresource: '', ...place };
  if (await isAllowed(user, attributes)) return;
  const detail =
    place === null
      ? `User ${JSON.stringify(user.name)} cannot ${verb} path ${JSON.stringify(path)}`
      : `User ${JSON.stringify(user.name)} cannot ${verb} resource ${JSON.stringify(place.resource)} in API group ${JSON.stringify(group)}${placeText(place)}`;
  throw forbidden({ group, resource: place?.resource ?? '' }, place?.name ?? '', detail);
}

function placeText({ namespace }: Place): string {
  return namespace === ''
    ? ' at the cluster scope'
    : ` in the namespace ${JSON.stringify(namespace)}`;
}

function objectOf(
  { resource, namespace, name }: Place,
  { headers }: WebRequest,
  { source }: MetricsApiOptions,
): JsonObject {
  const found = resource === 'nodes' ? source.node(name) : source.pod(namespace, name);
  const shown = resource === 'nodes' ? name : `${namespace}/${name}`;
  if (found === null) throw notFound({ group, resource }, shown);
  const table = tableVersion(headers.get('accept') ?? '');
  return table === null ? found.document : metricsTable([found], table);
}

function listOf(
  { resource, namespace }: Place,
  { headers, query }: WebRequest,
  { source }: MetricsApiOptions,
): JsonObject {
  const parameters = new URLSearchParams(query);
  const isWatch = parameters.get('watch');
  if (isWatch === 'true' || isWatch === '1') throw methodNotAllowed({ group, resource }, 'watch');
  const all = resource === 'nodes' ? source.nodes() : source.pods(namespace);
  const objects = selected(all, parameters);
  const table = tableVersion(headers.get('accept') ?? '');
  if (table !== null) return metricsTable(objects, table);
  return {
    kind: resource === 'nodes' ? 'NodeMetricsList' : 'PodMetricsList',
    apiVersion: metricsVersion,
    metadata: {},
    items: objects.map(({ document }) => document),
  };
}

/** Throws badRequest for selectors that cannot be read. */
function selected(
  objects: readonly MetricsObject[],
  parameters: URLSearchParams,
): readonly MetricsObject[] {
  const labels = parseLabelSelector(parameters.get('labelSelector') ?? '');
  const fields = parseFieldSelector(parameters.get('fieldSelector') ?? '');
  const known: Readonly<Record<string, (object: MetricsObject) => string>> = {
    'metadata.name': ({ name }) => name,
    'metadata.namespace': ({ namespace }) => namespace,
  };
  for (const { field } of fields.requirements) {
    if (known[field] === undefined) {
      throw badRequest(`field label not supported: ${field}`);
    }
  }
  return objects.filter(
    (object) =>
      labels.matches(object.labels) && fields.matches((field) => known[field]?.(object) ?? ''),
  );
}

function send(response: WebResponse, status: number, document: object, tag = ''): void {
  const body = Buffer.from(`${JSON.stringify(document)}\n`);
  response.start(status, {
    ...(tag === '' ? {} : { etag: `"${tag}"` }),
    'content-type': 'application/json',
    'content-length': String(body.length),
  });
  response.end(body);
}
