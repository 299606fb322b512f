import type { Container, Pod } from '../../api/gen/core-v1.js';
import { badRequest, failure } from '../../machinery/status-errors.js';
import type { Exchange } from '../exchange.js';
import type { ResourceEndpoint } from './endpoint.js';

/** Subresources of pods that the pod's node answers, by the router's key. */
const keys: ReadonlySet<string> = new Set([
  'pods/attach',
  'pods/exec',
  'pods/log',
  'pods/portforward',
]);

/** Whether a subresource is a conversation with a pod's containers. */
export function isPodStream(key: string): boolean {
  return keys.has(key);
}

/**
 * Answers what can be answered without the pod's node: the pod's absence (404), a container that it does not have (400), and a pod that
 * no node runs yet, which has no log (204) and nobody to talk to (400). Throws 501 for pods of a node: nodes are not asked here.
 */
export async function handlePodStream(
  exchange: Exchange,
  endpoint: ResourceEndpoint,
): Promise<void> {
  const { namespace, name, subresource } = exchange.info;
  const { object } = await endpoint.registry.storage.get(namespace, name, { at: 'latest' });
  const { spec } = object as Pod;
  if (subresource !== 'portforward') checkContainer(object as Pod, exchange.query);
  if ((spec?.nodeName ?? '') !== '') {
    throw failure(
      501,
      '',
      `pods/${subresource} of a pod on a node is not available on this server`,
    );
  }
  if (subresource !== 'log') throw badRequest(`pod ${name} does not have a host assigned`);
  exchange.start(204, {});
  exchange.end();
}

function checkContainer({ metadata, spec }: Pod, query: URLSearchParams): void {
  const wanted = query.get('container') ?? '';
  const names = (list: readonly Pick<Container, 'name'>[] | undefined) =>
    (list ?? []).map((one) => one.name ?? '');
  const containers = names(spec?.containers);
  const initial = names(spec?.initContainers);
  const all = [...containers, ...initial, ...names(spec?.ephemeralContainers)];
  if (wanted !== '') {
    if (all.includes(wanted)) return;
    throw badRequest(`container ${wanted} is not valid for pod ${metadata.name}`);
  }
  if (containers.length === 1) return;
  const choices = `choose one of: [${containers.join(' ')}]`;
  const initialChoices =
    initial.length > 0 ? ` or one of the init containers: [${initial.join(' ')}]` : '';
  throw badRequest(
    `a container name must be specified for pod ${metadata.name}, ${choices}${initialChoices}`,
  );
}
