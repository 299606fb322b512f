import type { GroupVersionKind } from '../../machinery/object.js';
import { apiVersionOf } from '../../machinery/object.js';
import type { SubresourceRow } from '../rows.js';
import type { ServedResource } from '../scheme.js';
import { definitionNameOf, metaDefinition } from './definition-names.js';
import type { ApiOperation, ContentKind, HttpMethod } from './operation.js';
import { operationId, tagOf } from './operation-id.js';
import {
  deleteCollectionQuery,
  deleteQuery,
  listQuery,
  subresourceQuery,
  writeQuery,
} from './parameters.js';

/** Where an operation is: what all operations of a path share. */
interface Place {
  readonly resource: ServedResource;
  readonly path: string;
  readonly kind: GroupVersionKind;
  /** '' for the object itself. */
  readonly subresource: string;
  readonly isForAllNamespaces: boolean;
}

/** What an action takes and answers. */
interface ActionFact {
  readonly method: HttpMethod;
  readonly query: readonly string[];
  readonly codes: readonly number[];
  readonly content: ContentKind;
  readonly says: string;
}

const actions = {
  get: { method: 'get', query: [], codes: [200], content: 'object', says: 'Reads' },
  list: {
    method: 'get',
    query: listQuery,
    codes: [200],
    content: 'list',
    says: 'Lists or watches',
  },
  watch: { method: 'get', query: [], codes: [200], content: 'list', says: 'Watches' },
  watchlist: { method: 'get', query: [], codes: [200], content: 'list', says: 'Watches' },
  post: {
    method: 'post',
    query: writeQuery,
    codes: [200, 201, 202],
    content: 'object',
    says: 'Creates',
  },
  put: { method: 'put', query: writeQuery, codes: [200, 201], content: 'object', says: 'Replaces' },
  patch: {
    ...{ method: 'patch', query: [...writeQuery, 'force'].sort() },
    ...{ codes: [200, 201], content: 'patch', says: 'Changes' },
  },
  delete: {
    method: 'delete',
    query: deleteQuery,
    codes: [200, 202],
    content: 'object',
    says: 'Deletes',
  },
  deletecollection: {
    ...{ method: 'delete', query: deleteCollectionQuery },
    ...{ codes: [200], content: 'object', says: 'Deletes a collection of' },
  },
} as const satisfies Readonly<Record<string, ActionFact>>;

type Action = keyof typeof actions;

/** The operations of a resource and its subresources, on all of their paths. */
export function resourceOperations(resource: ServedResource): readonly ApiOperation[] {
  const { verbs, isNamespaced } = resource;
  const prefix = resource.group === '' ? '/api' : '/apis';
  const base = `${prefix}/${apiVersionOf(resource)}`;
  const inScope = `${isNamespaced ? '/namespaces/{namespace}' : ''}/${resource.resource}`;
  const offered = (...all: readonly (readonly [verb: string, action: Action])[]) =>
    all.filter(([verb]) => verbs.includes(verb)).map(([, action]) => action);
  const at = (path: string, isForAllNamespaces = false): Place => ({
    ...{ resource, path, kind: resource, subresource: '', isForAllNamespaces },
  });
  const collection = at(base + inScope);
  const object = at(`${base}${inScope}/{name}`);
  const watched = (path: string, isForAll: boolean) => at(`${base}/watch${path}`, isForAll);
  const all = `/${resource.resource}`;
  return [
    ...offered(['list', 'list'], ['create', 'post'], ['deletecollection', 'deletecollection']).map(
      (action) => operation(collection, action),
    ),
    ...offered(['get', 'get'], ['update', 'put'], ['patch', 'patch'], ['delete', 'delete']).map(
      (action) => operation(object, action),
    ),
    ...(isNamespaced && verbs.includes('list') ? [operation(at(base + all, true), 'list')] : []),
    ...(verbs.includes('watch') && !resource.isCustom
      ? [
          operation(watched(inScope, false), 'watchlist'),
          operation(watched(`${inScope}/{name}`, false), 'watch'),
          ...(isNamespaced ? [operation(watched(all, true), 'watchlist')] : []),
        ]
      : []),
    ...resource.subresources.flatMap((subresource) => subresourceOperations(object, subresource)),
  ];
}

const actionsOfVerbs: Readonly<Record<string, Action>> = {
  get: 'get',
  update: 'put',
  patch: 'patch',
  create: 'post',
  delete: 'delete',
};

function subresourceOperations(
  object: Place,
  subresource: SubresourceRow,
): readonly ApiOperation[] {
  const { name, kind } = subresource;
  const place = { ...object, path: `${object.path}/${name}`, kind, subresource: name };
  if (subresource.isConnection) return connections(place, subresource);
  const known = subresource.verbs.flatMap((verb) => actionsOfVerbs[verb] ?? []);
  return known.map((action) => operation(place, action));
}

const connectionMethods: Readonly<Record<string, HttpMethod>> = {
  get: 'get',
  create: 'post',
  update: 'put',
  patch: 'patch',
  delete: 'delete',
};

/** A proxy takes every method, and goes to every path below it. */
function connections(place: Place, { name, verbs }: SubresourceRow): readonly ApiOperation[] {
  const methods = verbs.flatMap((verb) => connectionMethods[verb] ?? []);
  if (name !== 'proxy') return methods.map((method) => connection(place, method, ''));
  const every: readonly HttpMethod[] = [...methods, 'head', 'options'];
  return ['', '/{path}'].flatMap((suffix) =>
    every.map((method) => connection(place, method, suffix)),
  );
}

function connection(place: Place, method: HttpMethod, suffix: string): ApiOperation {
  const { resource, subresource, kind } = place;
  return {
    path: place.path + suffix,
    method,
    id: idOf(place, 'connect', method, suffix !== ''),
    tag: tagOf(resource.group, resource.version),
    description: `Connects ${method.toUpperCase()} requests to the ${subresource} of a ${resource.kind}.`,
    action: 'connect',
    kind,
    query: [],
    pathQuery: subresourceQuery(subresource),
    ...{ body: '', isBodyRequired: false, answer: '', codes: [200], content: 'any' },
  };
}

function operation(place: Place, action: Action): ApiOperation {
  const { resource, subresource, kind } = place;
  const fact: ActionFact = actions[action];
  const of = subresource === '' ? '' : `the ${subresource} of `;
  const isLog = subresource === 'log';
  const isWatch = action === 'watch' || action === 'watchlist';
  return {
    path: place.path,
    method: fact.method,
    id: idOf(place, action, fact.method, false),
    tag: tagOf(resource.group, resource.version),
    description: `${fact.says} ${of}objects of kind ${resource.kind}.`,
    action,
    kind,
    query: fact.query,
    pathQuery: [
      ...(isLog ? subresourceQuery('log') : []),
      ...(isWatch ? listQuery : []),
      'pretty',
    ].sort(),
    ...bodyOf(action, place),
    answer: isLog ? '' : answerOf(action, place),
    codes: fact.codes,
    content: isLog ? 'any' : fact.content,
  };
}

function idOf(place: Place, action: string, method: string, hasPath: boolean): string {
  const { resource, subresource, isForAllNamespaces } = place;
  const { group, version, kind, isNamespaced } = resource;
  return operationId({
    ...{ group, version, kind, isNamespaced, subresource, isForAllNamespaces },
    ...{ action, method, hasPath },
  });
}

function bodyOf(action: Action, { resource, kind }: Place) {
  if (action === 'patch') return { body: metaDefinition('Patch'), isBodyRequired: true };
  if (action === 'delete' || action === 'deletecollection')
    return { body: metaDefinition('DeleteOptions'), isBodyRequired: false };
  const hasBody = action === 'post' || action === 'put';
  return { body: hasBody ? definitionNameOf(resource, kind) : '', isBodyRequired: hasBody };
}

function answerOf(action: Action, { resource, kind }: Place): string {
  if (action === 'list') return definitionNameOf(resource, { ...kind, kind: resource.listKind });
  if (action === 'watch' || action === 'watchlist') return metaDefinition('WatchEvent');
  if (action === 'delete' && answersDeletedObject.has(resource.resource))
    return definitionNameOf(resource, kind);
  if (action === 'delete' || action === 'deletecollection') return metaDefinition('Status');
  return definitionNameOf(resource, kind);
}

/** Their deletion answers the object as it was; that of others a Status. */
const answersDeletedObject: ReadonlySet<string> = new Set([
  'csidrivers',
  'csinodes',
  'persistentvolumeclaims',
  'persistentvolumes',
  'pods',
  'podtemplates',
  'resourcequotas',
  'serviceaccounts',
  'services',
  'storageclasses',
  'volumeattachments',
]);
