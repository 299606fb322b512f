import type { ResourceQuota } from '../../api/gen/core-v1.js';
import {
  type Informer,
  namespaceIndex,
  objectKey,
  resources,
  splitKey,
  WorkQueue,
} from '../../client/index.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import type { GroupResource, KubeObject } from '../../machinery/object.js';
import type { Controller, ControllerParts } from '../controller.js';
import { LatestWritten } from '../runtime/latest-written.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { ignoreNotFound } from '../runtime/write-failures.js';
import { CountedInformers } from './counted-informers.js';
import { boundedResources, type CountedObjects, isRecounted, recount } from './plan.js';

/** What kube-controller-manager calls it. */
export const resourceQuotaControllerName = 'resourcequota-controller';

/** Changes that come so close after each other are counted together. */
const lessMs = 100;
/** Objects that came while others were counted may have been missed: everything is counted again so much later. */
const moreMs = 5_000;

/** How often and how much at once is counted. */
export interface ResourceQuotaOptions {
  readonly workers: number;
  /** Every quota is counted again so often. */
  readonly periodMs: number;
}

/** Counts what quotas bound. The API server raises `used` itself as it lets objects in; here it falls again, and mistakes are mended. */
export class ResourceQuotaController implements Controller {
  readonly name = resourceQuotaControllerName;
  readonly #parts: ControllerParts;
  readonly #options: ResourceQuotaOptions;
  readonly #queue: WorkQueue;
  readonly #quotas: Informer<ResourceQuota>;
  readonly #counted: CountedInformers;
  readonly #written = new LatestWritten<ResourceQuota>();

  constructor(parts: ControllerParts, options: ResourceQuotaOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#queue = new WorkQueue(parts.clock);
    this.#quotas = parts.informers.of(resources.resourceQuotas);
    this.#quotas.addHandler({
      onAdd: (quota) => this.#queue.add(objectKey(quota)),
      onUpdate: (before, quota) => {
        // What the API server reserves needs no count; what somebody else writes does.
        const isBoundAnew = !deepEqual(before.spec, quota.spec);
        if (isBoundAnew || !isBoundBy(quota)) this.#queue.add(objectKey(quota));
      },
    });
    this.#counted = new CountedInformers(parts, {
      onAdd: (resource, object) => this.#onChange(resource, object, moreMs),
      onLess: (resource, object) => this.#onChange(resource, object, lessMs),
    });
  }

  run(signal: AbortSignal): Promise<void> {
    return reconcileLoop({
      ...{ parts: this.#parts, name: 'resourcequota_primary', queue: this.#queue, signal },
      ...{ informers: [this.#quotas], workers: this.#options.workers },
      reconcile: (key) => this.#reconcile(key, signal),
    });
  }

  #onChange({ group, resource }: GroupResource, { metadata }: KubeObject, delayMs: number): void {
    for (const quota of this.#quotas.lister.byIndex(namespaceIndex, metadata.namespace ?? '')) {
      const isBounded = boundedResources(quota).some(
        (each) => each.group === group && each.resource === resource,
      );
      if (isBounded) this.#queue.addAfter(objectKey(quota), delayMs);
    }
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const quota = this.#written.newest(key, this.#quotas.lister.byKey(key));
    if (quota === undefined || quota.metadata.deletionTimestamp !== undefined) return;
    const { namespace } = splitKey(key);
    const all: CountedObjects[] = [];
    for (const resource of boundedResources(quota)) {
      const objects = await this.#counted.objects(resource, namespace, signal);
      if (objects !== null) all.push({ resource, objects });
    }
    const status = recount(quota, all, this.#parts.clock.wallTime());
    if (!isRecounted(quota, status)) {
      const quotas = this.#parts.client.objects(resources.resourceQuotas);
      const stored = await quotas
        .updateStatus({ ...quota, status }, { signal })
        .catch(ignoreNotFound);
      if (stored !== null) this.#written.set(key, stored);
    }
    this.#queue.addAfter(key, this.#options.periodMs);
  }
}

/** The API server holds to the bounds that are declared. */
function isBoundBy({ spec, status }: ResourceQuota): boolean {
  return status?.used !== undefined && deepEqual(spec?.hard ?? {}, status.hard ?? {});
}
