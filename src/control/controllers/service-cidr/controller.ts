import type { IPAddress, ServiceCIDR } from '../../api/gen/networking-v1.js';
import { type Informer, resources, WorkQueue } from '../../client/index.js';
import { formatTime } from '../../machinery/time.js';
import type { Controller, ControllerParts } from '../controller.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { ignoreNotFound } from '../runtime/write-failures.js';
import { planServiceCidr, type ReadyCondition, type ServiceCidrAction } from './plan.js';

const workers = 5;

/** Says of ServiceCIDRs that they are ready, and keeps those that are deleted while services have addresses of them. */
export class ServiceCidrController implements Controller {
  readonly name = 'service-cidr-controller';
  readonly #parts: ControllerParts;
  readonly #queue: WorkQueue;
  readonly #cidrs: Informer<ServiceCIDR>;
  readonly #addresses: Informer<IPAddress>;

  constructor(parts: ControllerParts) {
    this.#parts = parts;
    this.#queue = new WorkQueue(parts.clock);
    this.#cidrs = parts.informers.of(resources.serviceCIDRs);
    this.#addresses = parts.informers.of(resources.ipAddresses);
    const enqueueGoing = () => {
      for (const { metadata } of this.#cidrs.lister.all()) {
        if (metadata.deletionTimestamp !== undefined) this.#queue.add(metadata.name ?? '');
      }
    };
    const onCidr = ({ metadata }: ServiceCIDR) => {
      this.#queue.add(metadata.name ?? '');
      // It may hold what another is kept for.
      enqueueGoing();
    };
    this.#cidrs.addHandler({
      onAdd: onCidr,
      onUpdate: (_, after) => onCidr(after),
      onDelete: enqueueGoing,
    });
    this.#addresses.addHandler({ onDelete: enqueueGoing });
  }

  run(signal: AbortSignal): Promise<void> {
    return reconcileLoop({
      ...{ parts: this.#parts, name: 'ipaddresses', queue: this.#queue, signal, workers },
      informers: [this.#cidrs, this.#addresses],
      reconcile: (name) => this.#reconcile(name, signal),
    });
  }

  async #reconcile(name: string, signal: AbortSignal): Promise<void> {
    const cidr = this.#cidrs.lister.byKey(name);
    if (cidr === undefined) return;
    const cidrs = this.#parts.client.objects(resources.serviceCIDRs);
    const action = await this.#plan(cidr, signal);
    switch (action.kind) {
      case 'nothing':
        return;
      case 'finalizers': {
        const metadata = { ...cidr.metadata, finalizers: [...action.finalizers] };
        await cidrs.update({ ...cidr, metadata }, { signal }).catch(ignoreNotFound);
        return;
      }
      case 'condition':
        await cidrs
          .updateStatus(this.#withCondition(cidr, action.condition), { signal })
          .catch(ignoreNotFound);
        return;
    }
  }

  /** One that is being deleted is judged by what there is now: an address that was not seen yet needs it too. */
  async #plan(cidr: ServiceCIDR, signal: AbortSignal): Promise<ServiceCidrAction> {
    if (cidr.metadata.deletionTimestamp === undefined)
      return planServiceCidr(cidr, this.#cidrs.lister.all(), this.#addresses.lister.all());
    const { client } = this.#parts;
    const [cidrs, addresses] = await Promise.all([
      client.objects(resources.serviceCIDRs).list({ signal }),
      client.objects(resources.ipAddresses).list({ signal }),
    ]);
    return planServiceCidr(cidr, cidrs.items, addresses.items);
  }

  #withCondition(cidr: ServiceCIDR, condition: ReadyCondition): ServiceCIDR {
    const lastTransitionTime = formatTime(this.#parts.clock.wallTime());
    const others = (cidr.status?.conditions ?? []).filter(({ type }) => type !== 'Ready');
    const conditions = [...others, { ...condition, lastTransitionTime }];
    return { ...cidr, status: { ...cidr.status, conditions } };
  }
}
