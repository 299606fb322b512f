import type { Namespace, ServiceAccount } from '../../api/gen/core-v1.js';
import { type Informer, namespaceIndex, resources, WorkQueue } from '../../client/index.js';
import type { Controller, ControllerParts } from '../controller.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { ignoreNotNeeded } from '../runtime/write-failures.js';
import { defaultAccountName, missingAccounts } from './plan.js';

/** What kube-controller-manager calls it. */
export const serviceAccountControllerName = 'serviceaccount-controller';

/** Gives every namespace the service account `default`, without which no pod can be made there; again when somebody deletes it. */
export class ServiceAccountController implements Controller {
  readonly name = serviceAccountControllerName;
  readonly #parts: ControllerParts;
  readonly #workers: number;
  readonly #queue: WorkQueue;
  readonly #namespaces: Informer<Namespace>;
  readonly #accounts: Informer<ServiceAccount>;

  constructor(parts: ControllerParts, { workers }: { readonly workers: number }) {
    this.#parts = parts;
    this.#workers = workers;
    const queue = new WorkQueue(parts.clock);
    this.#queue = queue;
    this.#namespaces = parts.informers.of(resources.namespaces);
    this.#accounts = parts.informers.of(resources.serviceAccounts);
    this.#namespaces.addHandler({
      onAdd: ({ metadata }) => queue.add(metadata.name ?? ''),
      onUpdate: (_, { metadata }) => queue.add(metadata.name ?? ''),
    });
    this.#accounts.addHandler({
      onDelete: ({ metadata }) => {
        if (metadata.name === defaultAccountName) queue.add(metadata.namespace ?? '');
      },
    });
  }

  run(signal: AbortSignal): Promise<void> {
    return reconcileLoop({
      ...{ parts: this.#parts, name: 'serviceaccount', queue: this.#queue },
      ...{ informers: [this.#namespaces, this.#accounts], workers: this.#workers, signal },
      reconcile: (name) => this.#reconcile(name, signal),
    });
  }

  async #reconcile(name: string, signal: AbortSignal): Promise<void> {
    const existing = this.#accounts.lister.byIndex(namespaceIndex, name);
    const accounts = this.#parts.client.objects(resources.serviceAccounts);
    for (const account of missingAccounts(this.#namespaces.lister.get('', name), existing)) {
      await accounts.create(account, { signal }).catch(ignoreNotNeeded);
    }
  }
}
