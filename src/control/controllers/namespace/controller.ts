import type { Namespace } from '../../api/gen/core-v1.js';
import { type Informer, resources, WorkQueue } from '../../client/index.js';
import { formatTime } from '../../machinery/time.js';
import type { Controller, ControllerParts } from '../controller.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { ignoreNotFound } from '../runtime/write-failures.js';
import { emptyNamespace } from './content.js';
import { finalized, isEmptied, isToEmpty, type Remains, withConditions } from './plan.js';

/** What kube-controller-manager calls it. */
export const namespaceControllerName = 'namespace-controller';

/** What waits for finalizers or grace periods is looked at again so soon at first, then less and less often. */
const pauses = { baseMs: 50, maxMs: 15_000 };

/** Takes the content of a namespace that is being deleted away, and then the namespace. */
export class NamespaceController implements Controller {
  readonly name = namespaceControllerName;
  readonly #parts: ControllerParts;
  readonly #workers: number;
  readonly #queue: WorkQueue;
  readonly #namespaces: Informer<Namespace>;

  constructor(parts: ControllerParts, { workers }: { readonly workers: number }) {
    this.#parts = parts;
    this.#workers = workers;
    this.#queue = new WorkQueue(parts.clock, pauses);
    this.#namespaces = parts.informers.of(resources.namespaces);
    const enqueue = (namespace: Namespace) => {
      if (isToEmpty(namespace)) this.#queue.add(namespace.metadata.name ?? '');
    };
    this.#namespaces.addHandler({
      onAdd: enqueue,
      onUpdate: (before, after) => {
        // Its own conditions are no reason to look again.
        if (!isToEmpty(before)) enqueue(after);
      },
    });
  }

  run(signal: AbortSignal): Promise<void> {
    return reconcileLoop({
      ...{ parts: this.#parts, name: 'namespace', queue: this.#queue, forgets: false },
      ...{ informers: [this.#namespaces], workers: this.#workers, signal },
      reconcile: async (name) => {
        if (await this.#reconcile(name, signal)) this.#queue.forget(name);
        else this.#queue.addRateLimited(name);
      },
    });
  }

  /** True: the namespace needs nothing more. */
  async #reconcile(name: string, signal: AbortSignal): Promise<boolean> {
    const namespaces = this.#parts.client.objects(resources.namespaces);
    const namespace = await namespaces.get({ name }, { signal }).catch(ignoreNotFound);
    if (namespace === null || !isToEmpty(namespace)) return true;
    const remains = await emptyNamespace(this.#parts.client, name, signal);
    if (!isEmptied(remains)) {
      await this.#report(namespace, remains, signal);
      return false;
    }
    await namespaces
      .update(finalized(namespace), { subresource: 'finalize', signal })
      .catch(ignoreNotFound);
    return true;
  }

  async #report(namespace: Namespace, remains: Remains, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#parts;
    const told = withConditions(namespace, remains, formatTime(clock.wallTime()));
    if (told === null) return;
    await client.objects(resources.namespaces).updateStatus(told, { signal }).catch(ignoreNotFound);
  }
}
