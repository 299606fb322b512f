import type { Service } from '../../api/gen/core-v1.js';
import { type Informer, objectKey, resources, splitKey, WorkQueue } from '../../client/index.js';
import type { Controller, ControllerParts } from '../controller.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { ignoreNotFound } from '../runtime/write-failures.js';
import { AddressPool, type AddressRange } from './address-pool.js';
import { type BalancedAddress, isBalanced, planBalancer } from './plan.js';

/** What the flags of the controller manager say. */
export interface LoadBalancerOptions {
  readonly ranges: readonly AddressRange[];
  /** The class of services that get addresses; '' for those without one. */
  readonly ownClass: string;
}

/** A service without an address looks again so often at most whether one has become free. */
const pauses = { baseMs: 1000, maxMs: 60_000 };
/** One: who gets which address depends on the order. */
const workers = 1;

/**
 * Gives services of type LoadBalancer addresses of a pool, and shows them in their status. The status is where it is kept: after a
 * restart each service has what it had.
 */
export class ServiceLoadBalancerController implements Controller {
  readonly name = 'service-lb-controller';
  readonly #parts: ControllerParts;
  readonly #ownClass: string;
  readonly #queue: WorkQueue;
  readonly #services: Informer<Service>;
  readonly #pool: AddressPool;
  /** Keys of services that go without. */
  readonly #waiting = new Set<string>();

  constructor(parts: ControllerParts, { ranges, ownClass }: LoadBalancerOptions) {
    this.#parts = parts;
    this.#ownClass = ownClass;
    this.#queue = new WorkQueue(parts.clock, pauses);
    this.#pool = new AddressPool(ranges);
    this.#services = parts.informers.of(resources.services);
    const enqueue = (service: Service) => this.#queue.add(objectKey(service));
    this.#services.addHandler({
      onAdd: (service) => {
        this.#reserve(service);
        enqueue(service);
      },
      onUpdate: (_, after) => enqueue(after),
      onDelete: enqueue,
    });
  }

  run(signal: AbortSignal): Promise<void> {
    return reconcileLoop({
      ...{ parts: this.#parts, name: 'service', queue: this.#queue, signal, workers },
      ...{ informers: [this.#services], forgets: false },
      reconcile: (key) => this.#reconcile(key, signal),
    });
  }

  /** What services have is theirs before any gets a new one. */
  #reserve(service: Service): void {
    if (!isBalanced(service, this.#ownClass)) return;
    for (const { ip } of service.status?.loadBalancer?.ingress ?? []) {
      if (ip !== undefined) this.#pool.take(objectKey(service), ip);
    }
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const service = this.#services.lister.byKey(key);
    if (service === undefined || !isBalanced(service, this.#ownClass)) {
      const had = this.#pool.of(key);
      if (service !== undefined) await this.#clear(service, had, signal);
      this.#release(key);
      return;
    }
    const { ingress, problem } = planBalancer(service, key, this.#pool);
    const { events } = this.#parts;
    if (ingress !== null) {
      events.event(service, 'Normal', 'EnsuringLoadBalancer', 'Ensuring load balancer');
      await this.#show(service, ingress, signal);
      if (problem === '') {
        events.event(service, 'Normal', 'EnsuredLoadBalancer', 'Ensured load balancer');
      }
    }
    if (problem === '') {
      this.#waiting.delete(key);
      this.#queue.forget(key);
      return;
    }
    const text = `Error syncing load balancer: failed to ensure load balancer: ${problem}`;
    events.event(service, 'Warning', 'SyncLoadBalancerFailed', text);
    this.#waiting.add(key);
    this.#queue.addRateLimited(key);
  }

  /** A service that is not of our kind any more, and was, shows our addresses no longer. */
  async #clear(service: Service, had: readonly string[], signal: AbortSignal): Promise<void> {
    const ingress = service.status?.loadBalancer?.ingress ?? [];
    if (had.length === 0 || service.metadata.deletionTimestamp !== undefined) return;
    if (ingress.every(({ ip = '' }) => !had.includes(ip))) return;
    const { events } = this.#parts;
    events.event(service, 'Normal', 'DeletingLoadBalancer', 'Deleting load balancer');
    await this.#show(service, [], signal);
    events.event(service, 'Normal', 'DeletedLoadBalancer', 'Deleted load balancer');
  }

  async #show(
    service: Service,
    ingress: readonly BalancedAddress[],
    signal: AbortSignal,
  ): Promise<void> {
    const loadBalancer =
      ingress.length === 0 ? null : { ingress: ingress.map((each) => ({ ...each })) };
    const { resourceVersion } = service.metadata;
    const metadata = resourceVersion === undefined ? {} : { resourceVersion };
    await this.#parts.client
      .objects(resources.services)
      .patch(
        splitKey(objectKey(service)),
        'merge',
        { metadata, status: { loadBalancer } },
        { subresource: 'status', signal },
      )
      .catch(ignoreNotFound);
  }

  #release(key: string): void {
    this.#waiting.delete(key);
    this.#queue.forget(key);
    if (this.#pool.of(key).length === 0) return;
    this.#pool.release(key);
    for (const waiting of this.#waiting) this.#queue.add(waiting);
  }
}
