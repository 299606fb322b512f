import type { Endpoints, Pod, Service } from '../../api/gen/core-v1.js';
import { type Informer, objectKey, resources, splitKey, WorkQueue } from '../../client/index.js';
import { StatusError } from '../../machinery/status.js';
import type { Controller, ControllerParts } from '../controller.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import {
  ignoreNotFound,
  isAlreadyExists,
  isConflict,
  isNamespaceTerminating,
} from '../runtime/write-failures.js';
import { selectsPods } from '../service-endpoints/eligible-pod.js';
import { podsOf, servicesOf, servicesToUpdate } from '../service-endpoints/membership.js';
import { TriggerTimes } from '../service-endpoints/trigger-times.js';
import { type EndpointsAction, planEndpoints } from './plan.js';

/** What the flags of the controller manager say. */
export interface EndpointsOptions {
  readonly workers: number;
  /** Changes of pods are collected for so long. */
  readonly batchMs: number;
}

/** A look at an informer that is behind comes after so long. */
const behindMs = 50;
/** Of leader elections by Endpoints, which have no service. */
const electionAnnotation = 'control-plane.alpha.kubernetes.io/leader';

/** Shows the pods that each service selects in the Endpoints of its name. */
export class EndpointsController implements Controller {
  readonly name = 'endpoints-controller';
  readonly #parts: ControllerParts;
  readonly #options: EndpointsOptions;
  /** Of services. */
  readonly #queue: WorkQueue;
  readonly #services: Informer<Service>;
  readonly #pods: Informer<Pod>;
  readonly #endpoints: Informer<Endpoints>;
  readonly #triggers = new TriggerTimes();

  constructor(parts: ControllerParts, options: EndpointsOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#queue = new WorkQueue(parts.clock);
    this.#services = parts.informers.of(resources.services);
    this.#pods = parts.informers.of(resources.pods);
    this.#endpoints = parts.informers.of(resources.endpoints);
    this.#watch();
  }

  run(signal: AbortSignal): Promise<void> {
    return reconcileLoop({
      ...{ parts: this.#parts, name: 'endpoint', queue: this.#queue, signal },
      informers: [this.#services, this.#pods, this.#endpoints],
      workers: this.#options.workers,
      reconcile: (key) => this.#reconcile(key, signal),
    });
  }

  #watch(): void {
    const { lister } = this.#services;
    const enqueue = (service: Service) => this.#queue.add(objectKey(service));
    const enqueueLater = (keys: Iterable<string>) => {
      for (const key of keys) this.#queue.addAfter(key, this.#options.batchMs);
    };
    this.#services.addHandler({
      onAdd: enqueue,
      onUpdate: (_, after) => enqueue(after),
      onDelete: enqueue,
    });
    this.#pods.addHandler({
      onAdd: (pod) => enqueueLater(servicesOf(pod, lister)),
      onUpdate: (before, after) => enqueueLater(servicesToUpdate(before, after, lister)),
      onDelete: (pod) => enqueueLater(servicesOf(pod, lister)),
    });
    this.#endpoints.addHandler({
      onAdd: (endpoints) => this.#onFound(endpoints),
      onDelete: (endpoints) => this.#queue.add(objectKey(endpoints)),
    });
  }

  /** Services that went while no controller looked have left their Endpoints. What users make without a service stays. */
  #onFound(endpoints: Endpoints): void {
    const isElection = endpoints.metadata.annotations?.[electionAnnotation] !== undefined;
    if (!isElection && !this.#endpoints.hasSynced) this.#queue.add(objectKey(endpoints));
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const service = this.#services.lister.byKey(key);
    if (service === undefined) {
      this.#triggers.forget(key);
      await this.#remove(key, signal);
      return;
    }
    if (!selectsPods(service)) return;
    const pods = podsOf(service, this.#pods.lister);
    const triggerTimeMs = this.#triggers.next(service, pods);
    const existing = this.#endpoints.lister.byKey(key);
    await this.#act(planEndpoints({ service, pods, existing, triggerTimeMs }), signal);
  }

  async #remove(key: string, signal: AbortSignal): Promise<void> {
    const existing = this.#endpoints.lister.byKey(key);
    if (existing === undefined) return;
    const { uid } = existing.metadata;
    const preconditions = uid === undefined ? {} : { uid };
    const endpoints = this.#parts.client.objects(resources.endpoints);
    await endpoints.delete(splitKey(key), { preconditions, signal }).catch(ignoreNotFound);
  }

  async #act(action: EndpointsAction, signal: AbortSignal): Promise<void> {
    if (action.kind === 'nothing') return;
    const { client, events } = this.#parts;
    const objects = client.objects(resources.endpoints);
    const { endpoints } = action;
    try {
      if (action.kind === 'update') await objects.update(endpoints, { signal });
      else await objects.create(endpoints, { signal });
    } catch (error) {
      if (isNamespaceTerminating(error)) return;
      if (isAlreadyExists(error)) {
        // The informer does not show yet what was created just now.
        this.#queue.addAfter(objectKey(endpoints), behindMs);
        return;
      }
      if (!isConflict(error) && error instanceof StatusError) {
        const { namespace, name } = splitKey(objectKey(endpoints));
        const of = { apiVersion: 'v1', kind: 'Endpoints', ...endpoints };
        if (action.kind === 'create') {
          const text = `Failed to create endpoint for service ${namespace}/${name}: ${error.message}`;
          events.event(of, 'Warning', 'FailedToCreateEndpoint', text);
        } else {
          const text = `Failed to update endpoint ${namespace}/${name}: ${error.message}`;
          events.event(of, 'Warning', 'FailedToUpdateEndpoint', text);
        }
      }
      throw error;
    }
  }
}
