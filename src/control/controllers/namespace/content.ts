import {
  type ControlClient,
  type DiscoveredResource,
  discover,
  type ObjectList,
} from '../../client/index.js';
import type { KubeObject } from '../../machinery/object.js';
import { StatusError } from '../../machinery/status.js';
import type { Remains } from './plan.js';

/**
 * Deletes what is in a namespace, and tells what is left. Pods go first, so that nothing they rely on (secrets, network policies) is
 * taken from under them. Rejects with UnreachableError and for a server that does not tell what it offers.
 */
export async function emptyNamespace(
  client: ControlClient,
  namespace: string,
  signal: AbortSignal,
): Promise<Remains> {
  const { resources, failed } = await discover(client, { signal });
  const within = resources.filter(
    ({ isNamespaced, verbs }) => isNamespaced && verbs.has('delete') && verbs.has('list'),
  );
  const isPods = ({ group, resource }: DiscoveredResource) => group === '' && resource === 'pods';
  const sweep = new Sweep(client, namespace, failed, signal);
  for (const resource of within.filter(isPods)) await sweep.take(resource);
  if (!sweep.isClean) return sweep.remains();
  for (const resource of within) if (!isPods(resource)) await sweep.take(resource);
  return sweep.remains();
}

class Sweep {
  readonly #client: ControlClient;
  readonly #namespace: string;
  readonly #undiscovered: readonly string[];
  readonly #signal: AbortSignal;
  readonly #countByResource = new Map<string, number>();
  readonly #countByFinalizer = new Map<string, number>();
  readonly #failures: string[] = [];

  constructor(
    client: ControlClient,
    namespace: string,
    undiscovered: readonly string[],
    signal: AbortSignal,
  ) {
    this.#client = client;
    this.#namespace = namespace;
    this.#undiscovered = undiscovered;
    this.#signal = signal;
  }

  /** Nothing of what was taken so far is left. */
  get isClean(): boolean {
    return this.#countByResource.size === 0 && this.#failures.length === 0;
  }

  remains(): Remains {
    return {
      countByResource: this.#countByResource,
      countByFinalizer: this.#countByFinalizer,
      failures: this.#failures,
      undiscovered: this.#undiscovered,
    };
  }

  /** Deletes the objects of a resource and counts those that stay. */
  async take(resource: DiscoveredResource): Promise<void> {
    try {
      const { items } = await this.#list(resource);
      if (items.length === 0) return;
      await this.#delete(resource, items);
      this.#count(resource, (await this.#list(resource)).items);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      // The resource is gone since it was discovered, and its objects with it.
      if (error.reason === 'NotFound' || error.reason === 'MethodNotAllowed') return;
      this.#failures.push(`${nameOf(resource)}: ${error.message}`);
    }
  }

  #list(resource: DiscoveredResource): Promise<ObjectList<KubeObject>> {
    const namespace = this.#namespace;
    return this.#client.objects(resource).list({ namespace, signal: this.#signal });
  }

  async #delete(resource: DiscoveredResource, items: readonly KubeObject[]): Promise<void> {
    const objects = this.#client.objects(resource);
    const namespace = this.#namespace;
    const options = { propagationPolicy: 'Background', signal: this.#signal } as const;
    if (resource.verbs.has('deletecollection')) {
      await objects.deleteCollection({ namespace }, options);
      return;
    }
    for (const { metadata } of items) {
      await objects.delete({ namespace, name: metadata.name ?? '' }, options).catch(ignoreGone);
    }
  }

  #count(resource: DiscoveredResource, items: readonly KubeObject[]): void {
    if (items.length === 0) return;
    this.#countByResource.set(nameOf(resource), items.length);
    for (const { metadata } of items) {
      for (const finalizer of metadata.finalizers ?? []) {
        const count = this.#countByFinalizer.get(finalizer) ?? 0;
        this.#countByFinalizer.set(finalizer, count + 1);
      }
    }
  }
}

function ignoreGone(error: unknown): void {
  if (!(error instanceof StatusError) || error.reason !== 'NotFound') throw error;
}

/** As Kubernetes names a resource in the conditions: `pods.`, `deployments.apps`. */
function nameOf({ group, resource }: DiscoveredResource): string {
  return `${resource}.${group}`;
}
