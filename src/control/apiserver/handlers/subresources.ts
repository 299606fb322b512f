import type { TokenRequest } from '../../api/gen/authentication-v1.js';
import type { Binding, Pod } from '../../api/gen/core-v1.js';
import type { Eviction, PodDisruptionBudget } from '../../api/gen/policy-v1.js';
import type { JsonObject } from '../../machinery/json.js';
import { apiVersionOf, fieldsOf, type KubeObject } from '../../machinery/object.js';
import { badRequest, notFound } from '../../machinery/status-errors.js';
import type { Exchange } from '../exchange.js';
import { defaultDeleteOptions, parseDeleteOptions } from '../options/delete-options.js';
import { optionsObject, parseWriteOptions } from '../options/write-options.js';
import type { EndpointTable } from '../registry/endpoint-table.js';
import type { GenericRegistry } from '../registry/generic-registry.js';
import type { ServerWrites } from '../registry/server-writes.js';
import { boundPod, checkBinding } from '../registry/subresources/binding.js';
import {
  budgetsOf,
  chargedBudget,
  checkOneBudget,
  isUnhealthyAllowed,
  needsBudget,
} from '../registry/subresources/eviction.js';
import { admissionRequest, type WriteRequest } from '../registry/write-request.js';
import type { HandlerTools } from './handler-tools.js';
import { negotiate, sendDocument } from './output.js';
import { readDocument } from './read-document.js';
import type { SubresourceHandler } from './router.js';
import { verbNotAllowed } from './verb-not-allowed.js';
import { writeRequest } from './write-context.js';

/** What the subresources of pods and service accounts need. */
export interface SubresourceParts {
  readonly endpoints: EndpointTable;
  readonly writes: ServerWrites;
  /** Makes a token for a service account. */
  issueToken(
    request: TokenRequest,
    exchange: Exchange,
    options: { readonly isDryRun: boolean },
  ): Promise<TokenRequest>;
}

/** Subresources with documents of their own, by `resource/subresource`. */
export function subresourceHandlers(
  parts: SubresourceParts,
): ReadonlyMap<string, SubresourceHandler> {
  return new Map<string, SubresourceHandler>([
    ['pods/binding', (exchange, tools) => bind(exchange, tools, parts)],
    ['bindings', (exchange, tools) => bind(exchange, tools, parts)],
    ['pods/eviction', (exchange, tools) => evict(exchange, tools, parts)],
    ['serviceaccounts/token', (exchange, tools) => makeToken(exchange, tools, parts)],
  ]);
}

async function bind(
  exchange: Exchange,
  tools: HandlerTools,
  { endpoints }: SubresourceParts,
): Promise<void> {
  if (exchange.info.verb !== 'create') throw verbNotAllowed();
  const output = negotiate(exchange, tools.protobuf);
  const options = parseWriteOptions(exchange.query, 'CreateOptions');
  const of = { group: '', version: 'v1', kind: 'Binding' };
  const binding = (await readDocument(exchange, tools, of, options)) as Binding;
  const pods = registryOf(endpoints, '', 'pods');
  const name = exchange.info.name || (binding.metadata.name ?? '');
  const given = binding.metadata.name ?? '';
  if (given !== '' && given !== name) {
    throw badRequest(`name in URL does not match name in Binding object`);
  }
  checkBinding(binding);
  const request = writeRequest(exchange, {
    ...options,
    options: optionsObject('CreateOptions', options),
  });
  await admit(pods, request, { name, of, object: binding });
  const { uid, resourceVersion } = binding.metadata;
  const change = (current: KubeObject) => boundPod(current as Pod, binding, exchange.nowMs);
  await pods.updateDirectly(request, name, change, {
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  });
  await sendDocument(exchange, { ...output, as: null }, 201, success(201));
}

async function evict(
  exchange: Exchange,
  tools: HandlerTools,
  { endpoints, writes }: SubresourceParts,
): Promise<void> {
  const { verb, name, namespace } = exchange.info;
  if (verb !== 'create') throw verbNotAllowed();
  const output = negotiate(exchange, tools.protobuf);
  const options = parseWriteOptions(exchange.query, 'CreateOptions');
  const of = { group: 'policy', version: 'v1', kind: 'Eviction' };
  const eviction = (await readDocument(exchange, tools, of, options)) as Eviction;
  const given = eviction.metadata.name ?? '';
  if (given !== '' && given !== name)
    throw badRequest('name in URL does not match name in Eviction object');
  const asked = parseDeleteOptions(
    (eviction.deleteOptions ?? {}) as unknown as JsonObject,
    exchange.query,
  );
  const isDryRun = options.isDryRun || asked.isDryRun;
  const deletion = { ...defaultDeleteOptions, ...asked, isDryRun };
  const pods = registryOf(endpoints, '', 'pods');
  const pod = (await pods.storage.get(namespace, name, { at: 'latest' })).object as Pod;
  const request = writeRequest(exchange, {
    isDryRun,
    fieldManager: options.fieldManager,
    options: optionsObject('CreateOptions', options),
  });
  await admit(pods, request, { name, of, object: eviction });
  if (needsBudget(pod)) await charge(exchange, pod, { endpoints, writes, isDryRun });
  await pods.delete(request, name, deletion);
  await sendDocument(exchange, { ...output, as: null }, 201, success(201));
}

/** Takes one disruption from the budget of the pod, when it has one. */
async function charge(
  exchange: Exchange,
  pod: Pod,
  {
    endpoints,
    writes,
    isDryRun,
  }: {
    readonly endpoints: EndpointTable;
    readonly writes: ServerWrites;
    readonly isDryRun: boolean;
  },
): Promise<void> {
  const { namespace } = exchange.info;
  const resource = { group: 'policy', resource: 'poddisruptionbudgets' };
  const page = await registryOf(endpoints, resource.group, resource.resource).storage.list({
    namespace,
    freshness: { at: 'latest' },
    filter: null,
    limit: 0,
    afterKey: '',
  });
  const all = page.items.map(({ object }) => object as PodDisruptionBudget);
  const found = budgetsOf(pod, all);
  checkOneBudget(found);
  const budget = found[0];
  if (budget === undefined || isUnhealthyAllowed(budget, pod)) return;
  const podName = pod.metadata.name ?? '';
  const name = budget.metadata.name ?? '';
  if (isDryRun) {
    chargedBudget(budget, podName, exchange.nowMs);
    return;
  }
  const change = (current: KubeObject) =>
    chargedBudget(current as PodDisruptionBudget, podName, exchange.nowMs);
  await writes.update({ resource, namespace, name }, change, 'status');
}

async function makeToken(
  exchange: Exchange,
  tools: HandlerTools,
  parts: SubresourceParts,
): Promise<void> {
  if (exchange.info.verb !== 'create') throw verbNotAllowed();
  const output = negotiate(exchange, tools.protobuf);
  const options = parseWriteOptions(exchange.query, 'CreateOptions');
  const of = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' };
  const asked = (await readDocument(exchange, tools, of, options)) as TokenRequest;
  const accounts = registryOf(parts.endpoints, '', 'serviceaccounts');
  const request = writeRequest(exchange, {
    ...options,
    options: optionsObject('CreateOptions', options),
  });
  await admit(accounts, request, { name: exchange.info.name, of, object: asked });
  const answer = await parts.issueToken(asked, exchange, options);
  await sendDocument(exchange, { ...output, as: null }, 201, fieldsOf(answer));
}

/** Asks admission about a document that is sent to a subresource. */
async function admit(
  { options: { admission, row } }: GenericRegistry,
  request: WriteRequest,
  sent: {
    readonly name: string;
    readonly of: { readonly group: string; readonly version: string; readonly kind: string };
    readonly object: KubeObject;
  },
): Promise<void> {
  const { name, of, object } = sent;
  object.apiVersion ??= apiVersionOf(of);
  object.kind ??= of.kind;
  const write = { operation: 'CREATE', name, object, oldObject: null } as const;
  const admitted = { ...admissionRequest(row, request, write), document: of };
  await admission.mutate(admitted);
  await admission.validate(admitted);
}

function registryOf(endpoints: EndpointTable, group: string, resource: string): GenericRegistry {
  const registry = endpoints.registry(group, resource);
  if (registry === undefined) throw notFound({ group, resource }, '');
  return registry;
}

function success(code: number): JsonObject {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code };
}
