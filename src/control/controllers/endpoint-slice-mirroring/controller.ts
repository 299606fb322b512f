import type { Endpoints, Service } from '../../api/gen/core-v1.js';
import type { EndpointSlice } from '../../api/gen/discovery-v1.js';
import {
  type Informer,
  keyOf,
  objectKey,
  resources,
  splitKey,
  WorkQueue,
} from '../../client/index.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import { StatusError } from '../../machinery/status.js';
import type { Controller, ControllerParts } from '../controller.js';
import { managedByLabel, serviceNameLabel } from '../endpoint-slice/slice-labels.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { SliceTracker } from '../service-endpoints/slice-tracker.js';
import { writeSlices } from '../service-endpoints/slice-writer.js';
import { isMirrored, mirroringManager, planMirror } from './plan.js';

/** What the flags of the controller manager say. */
export interface MirroringOptions {
  readonly workers: number;
  /** Most addresses of a subset that are shown. */
  readonly addressesMax: number;
  /** Changes of Endpoints are collected for so long. */
  readonly batchMs: number;
}

const pauses = { baseMs: 1000, maxMs: 100_000 };
/** Name of an index of informers: slices by the key of the Endpoints that they mirror. */
const mirrorIndex = 'slices-of-mirrored-endpoints';

/** Shows Endpoints that users wrote by hand in EndpointSlices, which is what everybody reads. */
export class EndpointSliceMirroringController implements Controller {
  readonly name = 'endpointslice-mirroring-controller';
  readonly #parts: ControllerParts;
  readonly #options: MirroringOptions;
  /** Of Endpoints. */
  readonly #queue: WorkQueue;
  readonly #endpoints: Informer<Endpoints>;
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #tracker: SliceTracker;

  constructor(parts: ControllerParts, options: MirroringOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#queue = new WorkQueue(parts.clock, pauses);
    this.#tracker = new SliceTracker(parts.clock);
    this.#endpoints = parts.informers.of(resources.endpoints);
    this.#services = parts.informers.of(resources.services);
    this.#slices = parts.informers.of(resources.endpointSlices, {
      indexes: { [mirrorIndex]: (slice) => (isOwn(slice) ? [ownerOf(slice)] : []) },
    });
    this.#watch();
  }

  run(signal: AbortSignal): Promise<void> {
    return reconcileLoop({
      ...{ parts: this.#parts, name: 'endpoint_slice_mirroring', queue: this.#queue, signal },
      informers: [this.#endpoints, this.#services, this.#slices],
      workers: this.#options.workers,
      reconcile: (key) => this.#reconcile(key, signal),
    });
  }

  #watch(): void {
    const enqueue = (endpoints: Endpoints) =>
      this.#queue.addAfter(objectKey(endpoints), this.#options.batchMs);
    this.#endpoints.addHandler({
      onAdd: enqueue,
      onUpdate: (_, after) => enqueue(after),
      onDelete: enqueue,
    });
    const enqueueService = (service: Service) => this.#queue.add(objectKey(service));
    this.#services.addHandler({
      onAdd: enqueueService,
      onUpdate: (before, after) => {
        if (!deepEqual(before.spec?.selector, after.spec?.selector)) enqueueService(after);
      },
      onDelete: enqueueService,
    });
    this.#slices.addHandler({
      onAdd: (slice) => this.#onSlice(slice),
      onUpdate: (before, after) => {
        if (isOwn(before) && !isOwn(after)) this.#queue.add(ownerOf(before));
        this.#onSlice(after);
      },
      onDelete: (slice) => {
        if (!isOwn(slice)) return;
        if (this.#tracker.onGone(ownerOf(slice), slice)) this.#queue.add(ownerOf(slice));
      },
    });
  }

  #onSlice(slice: EndpointSlice): void {
    if (!isOwn(slice)) return;
    if (this.#tracker.onShown(ownerOf(slice), slice)) this.#queue.add(ownerOf(slice));
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const existing = this.#slices.lister.byIndex(mirrorIndex, key);
    const endpoints = this.#endpoints.lister.byKey(key);
    if (this.#tracker.isBehind(key, existing)) {
      this.#queue.addAfter(key, pauses.baseMs);
      return;
    }
    if (endpoints === undefined || !isMirrored(endpoints, this.#services.lister.byKey(key))) {
      await this.#write(key, { create: [], update: [], remove: existing }, signal);
      if (endpoints === undefined) this.#tracker.forget(key);
      return;
    }
    const plan = planMirror(endpoints, existing, this.#options.addressesMax);
    this.#report(endpoints, plan);
    try {
      await this.#write(key, plan, signal);
    } catch (error) {
      this.#reportFailure(endpoints, error);
      throw error;
    }
  }

  #write(
    key: string,
    writes: Parameters<typeof writeSlices>[3],
    signal: AbortSignal,
  ): Promise<void> {
    const slices = this.#parts.client.objects(resources.endpointSlices);
    return writeSlices(slices, this.#tracker, key, writes, { signal });
  }

  #report(
    endpoints: Endpoints,
    { invalidCount, excessCount }: ReturnType<typeof planMirror>,
  ): void {
    const { events } = this.#parts;
    if (invalidCount > 0) {
      const text = `Skipped ${invalidCount} invalid IP addresses when mirroring to EndpointSlices`;
      events.event(endpoints, 'Warning', 'InvalidIPAddress', text);
    }
    if (excessCount > 0) {
      const text = `A max of ${this.#options.addressesMax} addresses can be mirrored to EndpointSlices per Endpoints subset. ${excessCount + invalidCount} addresses were skipped`;
      events.event(endpoints, 'Warning', 'TooManyAddressesToMirror', text);
    }
  }

  #reportFailure(endpoints: Endpoints, error: unknown): void {
    if (!(error instanceof StatusError) || error.reason === 'Conflict') return;
    const { namespace, name } = splitKey(objectKey(endpoints));
    const text = `Error updating Endpoint Slices for Endpoints ${namespace}/${name}: ${error.message}`;
    this.#parts.events.event(endpoints, 'Warning', 'FailedToUpdateEndpointSlices', text);
  }
}

function isOwn({ metadata }: EndpointSlice): boolean {
  return metadata.labels?.[managedByLabel] === mirroringManager;
}

function ownerOf({ metadata }: EndpointSlice): string {
  return keyOf(metadata.namespace ?? '', metadata.labels?.[serviceNameLabel] ?? '');
}
