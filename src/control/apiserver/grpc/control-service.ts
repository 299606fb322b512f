import {
  type CallContext,
  implementService,
  RpcError,
  type ServiceImplementation,
  Status,
} from '../../../rpc/index.js';
import type { WebHandler } from '../../../rpc/web.js';
import {
  type Answer,
  Control,
  type DeleteRequest,
  type Parameter,
  type ReadRequest,
  Target,
  type WriteRequest,
} from '../../../wire/gen/control.js';
import { WatchAnswer, WholeAnswer } from './carried-answer.js';
import { type CarriedRequest, webRequestOf } from './carried-request.js';

/**
 * The API over gRPC. A call is carried as the request of REST that it stands for, on the way that all requests take: who may do what,
 * and what becomes of an object, is decided in one place.
 */
export function controlService(handle: WebHandler): ServiceImplementation {
  const answer = async (call: CallContext, carried: CarriedRequest): Promise<Answer> => {
    const whole = new WholeAnswer();
    await handle(webRequestOf(call, carried), whole);
    return whole.answer();
  };
  return implementService(Control, {
    Get: (request, call) => answer(call, reading(request)),
    List: (request, call) => answer(call, reading(request)),
    Create: (request, call) => answer(call, writing('POST', request)),
    Update: (request, call) => answer(call, writing('PUT', request)),
    UpdateStatus: (request, call) => answer(call, writing('PUT', request, 'status')),
    Patch: (request, call) => answer(call, writing('PATCH', request)),
    Delete: (request, call) => answer(call, deleting(request)),
    Bind: ({ namespace, pod, node, uid }, call) => {
      const resource = { group: '', version: 'v1', resource: 'pods' };
      const path = pathOf({ ...resource, namespace, name: pod, subresource: 'binding' });
      const binding = {
        ...{ apiVersion: 'v1', kind: 'Binding' },
        metadata: { name: pod, namespace, ...(uid === '' ? {} : { uid }) },
        target: { kind: 'Node', name: node },
      };
      const body = new TextEncoder().encode(JSON.stringify(binding));
      return answer(call, { method: 'POST', path, query: '', contentType: json, body });
    },
    GetDocument: ({ path, accept }, call) => {
      if (!path.startsWith('/')) throw invalid('the path of a document starts with /');
      return answer(call, { method: 'GET', ...splitAtQuery(path), accept });
    },
    Watch: async (stream) => {
      for await (const request of stream.requests) {
        const { path, query } = reading(request);
        const watching = query === '' ? 'watch=true' : `${query}&watch=true`;
        const carried = { method: 'GET', path, query: watching };
        await handle(webRequestOf(stream, carried), new WatchAnswer(stream));
        return;
      }
    },
  });
}

const json = 'application/json';

function reading({ target, parameters }: ReadRequest): CarriedRequest {
  return { method: 'GET', path: pathOf(target), query: queryOf(parameters) };
}

function writing(method: string, request: WriteRequest, subresource?: string): CarriedRequest {
  const { target, parameters, body, contentType } = request;
  return {
    method,
    path: pathOf(subresource === undefined ? target : { ...Target.create(target), subresource }),
    query: queryOf(parameters),
    contentType: contentType === '' ? json : contentType,
    body,
  };
}

function deleting({ target, parameters, options }: DeleteRequest): CarriedRequest {
  const carried = { method: 'DELETE', path: pathOf(target), query: queryOf(parameters) };
  return options.length === 0 ? carried : { ...carried, contentType: json, body: options };
}

/** OpenAPI names its documents with the hash of what they say, as a query. */
function splitAtQuery(document: string): { readonly path: string; readonly query: string } {
  const at = document.indexOf('?');
  return at < 0
    ? { path: document, query: '' }
    : { path: document.slice(0, at), query: document.slice(at + 1) };
}

/** The path of REST. What has a slash in it can be no part of one: it would lead elsewhere. */
function pathOf(target: Target | undefined): string {
  if (target === undefined) throw invalid('a target is required');
  const { group, version, resource, namespace, name, subresource } = target;
  if (version === '' || resource === '') throw invalid('a target has a version and a resource');
  const parts = [
    ...(group === '' ? ['api'] : ['apis', group]),
    version,
    ...(namespace === '' ? [] : ['namespaces', namespace]),
    resource,
    ...(name === '' ? [] : [name]),
    ...(subresource === '' ? [] : [subresource]),
  ];
  for (const part of parts) {
    if (part === '.' || part === '..') throw invalid(`a target cannot have the part ${part}`);
  }
  return `/${parts.map(encodeURIComponent).join('/')}`;
}

function queryOf(parameters: readonly Parameter[]): string {
  return new URLSearchParams(
    parameters.map(({ name, value }): [string, string] => [name, value]),
  ).toString();
}

function invalid(text: string): RpcError {
  return new RpcError(Status.invalidArgument, text);
}
