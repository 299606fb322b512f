import { deprecationWarningOf } from '../../api/deprecations.js';
import type { ServedResource } from '../../api/scheme.js';
import { failure } from '../../machinery/status-errors.js';
import type { Exchange } from '../exchange.js';
import type { EndpointTable } from '../registry/endpoint-table.js';
import { restorers } from '../registry/subresources/restorers.js';
import { handleCreate } from './create.js';
import { BodyDecoder } from './decode-request.js';
import { handleDelete, handleDeleteCollection } from './delete.js';
import type { ResourceEndpoint } from './endpoint.js';
import { handleGet } from './get.js';
import type { HandlerTools } from './handler-tools.js';
import { handleList } from './list.js';
import { handlePatch } from './patch.js';
import { handleScale } from './scale.js';
import { handleUpdate } from './update.js';
import { verbNotAllowed } from './verb-not-allowed.js';
import { handleWatch } from './watch.js';

/** Answers a verb on a resource. */
export type ResourceHandler = (
  exchange: Exchange,
  endpoint: ResourceEndpoint,
  tools: HandlerTools,
) => Promise<void>;

/** Answers a subresource, or a resource that keeps no objects. Throws 405 for verbs that it does not know. */
export type SubresourceHandler = (exchange: Exchange, tools: HandlerTools) => Promise<void>;

const handlers: Readonly<Record<string, ResourceHandler>> = {
  get: handleGet,
  list: handleList,
  watch: handleWatch,
  create: handleCreate,
  update: handleUpdate,
  patch: handlePatch,
  delete: handleDelete,
  deletecollection: handleDeleteCollection,
};

/** Finds who answers a request for a resource. */
export class ResourceRouter {
  readonly #endpoints: EndpointTable;
  readonly #tools: HandlerTools;
  /** For custom resources, which have no protobuf form. */
  readonly #customTools: HandlerTools;
  /** By `resource[.group]` or `resource[.group]/subresource`. */
  readonly #special: ReadonlyMap<string, SubresourceHandler>;

  constructor(options: {
    readonly endpoints: EndpointTable;
    readonly tools: HandlerTools;
    readonly special: ReadonlyMap<string, SubresourceHandler>;
  }) {
    this.#endpoints = options.endpoints;
    this.#tools = options.tools;
    const bodies = new BodyDecoder(options.tools.scheme, null);
    this.#customTools = { ...options.tools, bodies, protobuf: null };
    this.#special = options.special;
  }

  /** False when there is no such path. Throws 405 when the path has another verb. */
  async route(exchange: Exchange): Promise<boolean> {
    const { info } = exchange;
    const { group, version, resource, subresource } = info;
    const served = this.#tools.scheme.resource(group, version, resource);
    if (served === undefined) return false;
    const base = group === '' ? resource : `${resource}.${group}`;
    const key = subresource === '' ? base : `${base}/${subresource}`;
    const part = served.subresources.find(({ name }) => name === subresource);
    if (subresource !== '' && part === undefined) return false;
    // Only what is passed on has paths of its own.
    if (info.parts.length > 3 && subresource !== 'proxy') return false;
    if (!isPlacedRight(exchange, served.isNamespaced)) return false;
    exchange.scope =
      info.name !== '' ? 'resource' : info.namespace !== '' ? 'namespace' : 'cluster';
    this.#warnOfDeprecation(exchange, served);
    const tools = served.isCustom ? this.#customTools : this.#tools;
    const special = this.#special.get(key);
    if (special !== undefined) {
      await special(exchange, tools);
      return true;
    }
    const endpoint = this.#endpoints.endpointOf(served);
    const isOwnKind = subresource === '' || subresource === 'status' || key in restorers;
    if (endpoint !== undefined && subresource === 'scale') {
      await handleScale(exchange, endpoint, tools);
      return true;
    }
    if (endpoint === undefined || !isOwnKind) {
      throw failure(501, '', `${key} is not available on this server`);
    }
    const handler = handlers[info.verb];
    const offered = part === undefined ? served.verbs : part.verbs;
    const isOffered = offered.includes(info.verb);
    if (handler === undefined || !isOffered || isMisplaced(exchange, served.isNamespaced)) {
      throw verbNotAllowed();
    }
    await handler(exchange, endpoint, tools);
    return true;
  }

  #warnOfDeprecation(exchange: Exchange, served: ServedResource): void {
    const warning = served.deprecationWarning ?? deprecationWarningOf(served);
    if (warning === undefined) return;
    exchange.warn(warning);
    exchange.observer?.onAnnotation('k8s.io/deprecated', 'true');
    this.#tools.onDeprecatedRequest(served, exchange.info.subresource);
  }
}

/** Objects in namespaces have paths with a namespace, others have none; only whole collections go without. */
function isPlacedRight({ info }: Exchange, isNamespaced: boolean): boolean {
  const { resource, namespace, parts } = info;
  const isNamespaceObject = resource === 'namespaces' && info.group === '';
  const hasNamespace = namespace !== '' && !isNamespaceObject;
  if (!isNamespaced) return !hasNamespace;
  return hasNamespace || parts.length < 2;
}

const collectionVerbs: ReadonlySet<string> = new Set([
  'list',
  'watch',
  'create',
  'deletecollection',
]);

/** Whole collections are not changed, objects not created; and nothing is made in all namespaces at once, nor deleted. */
function isMisplaced({ info }: Exchange, isNamespaced: boolean): boolean {
  const isCollection = (info.parts[1] ?? '') === '';
  if (isCollection !== collectionVerbs.has(info.verb)) return !info.isLegacyWatch;
  return isNamespaced && info.namespace === '' && info.verb !== 'list' && info.verb !== 'watch';
}
