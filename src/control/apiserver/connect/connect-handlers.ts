import { defined } from '../../../base/assert.js';
import type { Clock } from '../../../base/clock.js';
import type { WebClient } from '../../../rpc/web-client.js';
import type { Pod } from '../../api/gen/core-v1.js';
import type { KubeObject } from '../../machinery/object.js';
import { forbiddenRequest } from '../authorization/forbidden.js';
import type { Authorizer } from '../contracts.js';
import type { Exchange } from '../exchange.js';
import { authorizationRequest } from '../filters/authorization.js';
import type { SubresourceHandler } from '../handlers/router.js';
import { verbNotAllowed } from '../handlers/verb-not-allowed.js';
import type { EndpointTable } from '../registry/endpoint-table.js';
import { admissionRequest } from '../registry/write-request.js';
import type { Kubelets } from './kubelets.js';
import { sendLog } from './pod-log.js';
import { openPodStream, type PodStream, podStreams, streamOptions } from './pod-streams.js';
import { proxy } from './proxy.js';
import type { ProxyPlaces } from './proxy-target.js';

/** What reaches into the cluster is made with. */
export interface ConnectParts {
  readonly endpoints: EndpointTable;
  readonly authorizer: Authorizer;
  readonly kubelets: Kubelets;
  readonly web: WebClient;
  readonly places: ProxyPlaces;
}

/** The subresources that lead to nodes and what runs on them, by `resource/subresource`. */
export function connectHandlers(parts: ConnectParts): ReadonlyMap<string, SubresourceHandler> {
  const all = new Map<string, SubresourceHandler>([
    ['pods/log', (exchange, { clock }) => answerLog(exchange, { ...parts, clock })],
  ]);
  for (const stream of Object.keys(podStreams) as PodStream[])
    all.set(`pods/${stream}`, (exchange, tools) =>
      answerStream(exchange, stream, { ...parts, stopping: tools.stopping }),
    );
  for (const resource of ['pods', 'services', 'nodes'])
    all.set(`${resource}/proxy`, (exchange, tools) =>
      answerProxy(exchange, { ...parts, stopping: tools.stopping }),
    );
  return all;
}

async function answerLog(
  exchange: Exchange,
  parts: ConnectParts & { readonly clock: Clock },
): Promise<void> {
  if (exchange.info.verb !== 'get') throw verbNotAllowed();
  await sendLog(exchange, await podOf(exchange, parts), parts);
}

async function answerStream(
  exchange: Exchange,
  stream: PodStream,
  parts: ConnectParts & { readonly stopping: AbortSignal },
): Promise<void> {
  const { verb } = exchange.info;
  if (verb !== 'get' && verb !== 'create') throw verbNotAllowed();
  if (verb === 'get') await requireCreate(exchange, parts.authorizer);
  const options = streamOptions(stream, exchange.query);
  await admit(exchange, parts, { kind: podStreams[stream].kind, fields: options });
  const pod = await podOf(exchange, parts);
  await openPodStream(exchange, stream, pod, { ...parts, options });
}

async function answerProxy(
  exchange: Exchange,
  parts: ConnectParts & { readonly stopping: AbortSignal },
): Promise<void> {
  const kinds: Readonly<Record<string, string>> = {
    pods: 'PodProxyOptions',
    services: 'ServiceProxyOptions',
    nodes: 'NodeProxyOptions',
  };
  const path = exchange.info.parts.slice(3).join('/');
  const fields = path === '' ? {} : { path };
  await admit(exchange, parts, { kind: kinds[exchange.info.resource] ?? '', fields });
  await proxy(exchange, parts.places, parts);
}

/** Browsers and WebSocket clients can only GET, but what they do is no reading. */
async function requireCreate(exchange: Exchange, authorizer: Authorizer): Promise<void> {
  const request = { ...authorizationRequest(exchange.user, exchange.info), verb: 'create' };
  const { decision, reason } = await authorizer.authorize(request);
  if (decision !== 'allow') throw forbiddenRequest(request, reason);
}

/** Admission may refuse a connection, or change what it asks. */
async function admit(
  exchange: Exchange,
  { endpoints }: ConnectParts,
  { kind, fields }: { readonly kind: string; readonly fields: Record<string, unknown> },
): Promise<void> {
  const { resource, namespace, subresource, name } = exchange.info;
  const { admission, row } = defined(endpoints.registry('', resource)).options;
  const document = { group: '', version: 'v1', kind };
  const object = Object.assign(fields, { apiVersion: 'v1', kind, metadata: {} }) as KubeObject;
  const request = {
    context: exchange.context({ isDryRun: false, fieldManager: '' }),
    ...{ namespace, subresource, manager: '', options: { metadata: {} } },
  };
  const write = { operation: 'CONNECT', name, object, oldObject: null } as const;
  const admitted = { ...admissionRequest(row, request, write), options: null, document };
  await admission.mutate(admitted);
  await admission.validate(admitted);
}

/** The pod as it is now; 404 without. */
async function podOf(exchange: Exchange, { endpoints }: ConnectParts): Promise<Pod> {
  const { namespace, name } = exchange.info;
  const { storage } = defined(endpoints.registry('', 'pods'));
  return (await storage.get(namespace, name, { at: 'latest' })).object as Pod;
}
