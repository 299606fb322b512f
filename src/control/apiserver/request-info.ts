import { badRequest } from '../machinery/status-errors.js';
import type { RequestInfo } from './contracts.js';

/** What a path says, with what only the router needs. */
export interface ParsedRequest extends RequestInfo {
  /** The resource, its name, the subresource and all that follows, decoded. Empty for other paths. */
  readonly parts: readonly string[];
  /** The path began with `/watch/` after the version: the old way to ask for a watch. */
  readonly isLegacyWatch: boolean;
}

/** What may follow `namespaces/NAME` without being a resource in that namespace. */
const namespaceSubresources: ReadonlySet<string> = new Set(['status', 'finalize']);

const verbsByMethod: ReadonlyMap<string, string> = new Map([
  ['POST', 'create'],
  ['GET', 'get'],
  ['HEAD', 'get'],
  ['PUT', 'update'],
  ['PATCH', 'patch'],
  ['DELETE', 'delete'],
]);

/**
 * Reads what a request is about from its method, path and query, as Kubernetes' RequestInfoFactory does: authorization and audit
 * depend on exactly this reading. Throws 400 for a path that is not properly encoded.
 */
export function parseRequestInfo(
  method: string,
  rawPath: string,
  query: URLSearchParams,
): ParsedRequest {
  const path = decodePath(rawPath);
  const segments = splitPath(path);
  const isCore = segments[0] === 'api';
  const groupLength = isCore ? 1 : 2;
  const isApi = isCore || segments[0] === 'apis';
  if (!isApi || segments.length < 2 + groupLength) {
    return nonResource(method, path);
  }
  const group = isCore ? '' : (segments[1] ?? '');
  const version = segments[groupLength] ?? '';
  return resourceRequest({ method, path, group, version, query }, segments.slice(groupLength + 1));
}

function decodePath(rawPath: string): string {
  if (!rawPath.includes('%')) return rawPath;
  try {
    return decodeURIComponent(rawPath);
  } catch {
    throw badRequest(`invalid URL escape in ${JSON.stringify(rawPath)}`);
  }
}

function splitPath(path: string): string[] {
  const trimmed = path.replace(/^\/+/, '').replace(/\/$/, '');
  return trimmed === '' ? [] : trimmed.split('/');
}

function nonResource(method: string, path: string): ParsedRequest {
  return {
    verb: method.toLowerCase(),
    isResourceRequest: false,
    path,
    group: '',
    version: '',
    namespace: '',
    resource: '',
    subresource: '',
    name: '',
    parts: [],
    isLegacyWatch: false,
  };
}

function resourceRequest(
  request: {
    readonly method: string;
    readonly path: string;
    readonly group: string;
    readonly version: string;
    readonly query: URLSearchParams;
  },
  segments: readonly string[],
): ParsedRequest {
  let parts = segments;
  let verb = verbsByMethod.get(request.method) ?? '';
  const special = parts[0] === 'watch' || parts[0] === 'proxy' ? parts[0] : null;
  if (special !== null) {
    if (parts.length < 2) {
      throw badRequest(`unable to determine kind and namespace from url, ${request.path}`);
    }
    verb = special;
    parts = parts.slice(1);
  }
  let namespace = '';
  if (parts[0] === 'namespaces' && parts.length > 1) {
    namespace = parts[1] ?? '';
    if (parts.length > 2 && !namespaceSubresources.has(parts[2] ?? '')) parts = parts.slice(2);
  }
  const pathName = parts[1] ?? '';
  const isCollection = pathName === '';
  return {
    verb: isCollection ? collectionVerb(verb, request.query) : verb,
    isResourceRequest: true,
    path: request.path,
    group: request.group,
    version: request.version,
    namespace,
    resource: parts[0] ?? '',
    subresource: verb === 'proxy' ? '' : (parts[2] ?? ''),
    name: isCollection && verb === 'get' ? nameSelectedBy(request.query) : pathName,
    parts,
    isLegacyWatch: special === 'watch',
  };
}

function collectionVerb(verb: string, query: URLSearchParams): string {
  if (verb === 'delete') return 'deletecollection';
  if (verb !== 'get') return verb;
  return isTrueParameter(query.get('watch')) ? 'watch' : 'list';
}

/** How the API reads a boolean parameter: `watch`, `watch=`, `watch=1` are true; only `0` and `false` are not. */
export function isTrueParameter(value: string | null): boolean {
  return value !== null && value !== '0' && value.toLowerCase() !== 'false';
}

/**
 * A list of one name is authorized as that object. Only a plain `metadata.name=x` requirement counts; what the selector means
 * otherwise, and whether it is one at all, is found out later.
 */
function nameSelectedBy(query: URLSearchParams): string {
  for (const requirement of (query.get('fieldSelector') ?? '').split(',')) {
    const name = /^metadata\.name==?([^=!\\]+)$/.exec(requirement)?.[1];
    if (name !== undefined && !/[/%]/.test(name) && name !== '.' && name !== '..') return name;
  }
  return '';
}
