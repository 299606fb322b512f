import type { ClusterRole } from '../../api/gen/rbac-v1.js';
import { type Informer, resources, WorkQueue } from '../../client/index.js';
import type { Controller, ControllerParts } from '../controller.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { ignoreNotFound } from '../runtime/write-failures.js';
import { isAggregated, plannedRules } from './plan.js';

const workers = 5;
const fieldManager = 'clusterrole-aggregation-controller';

/** Writes the rules of aggregated cluster roles into them, where clients read what the API server decides by. */
export class ClusterRoleAggregationController implements Controller {
  readonly name = 'clusterrole-aggregation-controller';
  readonly #parts: ControllerParts;
  /** Of aggregated roles. */
  readonly #queue: WorkQueue;
  readonly #roles: Informer<ClusterRole>;

  constructor(parts: ControllerParts) {
    this.#parts = parts;
    this.#queue = new WorkQueue(parts.clock);
    this.#roles = parts.informers.of(resources.clusterRoles);
    // Any role may be a part of any aggregated one: they are few.
    const onChange = () => {
      for (const role of this.#roles.lister.all()) {
        if (isAggregated(role)) this.#queue.add(role.metadata.name ?? '');
      }
    };
    this.#roles.addHandler({ onAdd: onChange, onUpdate: onChange, onDelete: onChange });
  }

  run(signal: AbortSignal): Promise<void> {
    return reconcileLoop({
      ...{ parts: this.#parts, name: 'ClusterRoleAggregator', queue: this.#queue, signal },
      ...{ informers: [this.#roles], workers },
      reconcile: (name) => this.#reconcile(name, signal),
    });
  }

  async #reconcile(name: string, signal: AbortSignal): Promise<void> {
    const role = this.#roles.lister.byKey(name);
    if (role === undefined || !isAggregated(role)) return;
    const planned = plannedRules(role, this.#roles.lister.all());
    if (planned === null) return;
    const { resourceVersion } = role.metadata;
    const metadata = resourceVersion === undefined ? {} : { resourceVersion };
    const rules = planned.map((rule) => ({ ...rule }));
    const roles = this.#parts.client.objects(resources.clusterRoles);
    const options = { fieldManager, signal };
    await roles.patch({ name }, 'merge', { metadata, rules }, options).catch(ignoreNotFound);
  }
}
