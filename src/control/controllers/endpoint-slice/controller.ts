import type { Node, Pod, Service } from '../../api/gen/core-v1.js';
import type { EndpointSlice } from '../../api/gen/discovery-v1.js';
import {
  type Informer,
  keyOf,
  objectKey,
  resources,
  splitKey,
  WorkQueue,
} from '../../client/index.js';
import type { Controller, ControllerParts } from '../controller.js';
import { podsByNode, podsByNodeIndex } from '../nodes/pods-by-node.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { selectsPods } from '../service-endpoints/eligible-pod.js';
import { podsOf, servicesOf, servicesToUpdate } from '../service-endpoints/membership.js';
import { SliceTracker } from '../service-endpoints/slice-tracker.js';
import { writeSlices } from '../service-endpoints/slice-writer.js';
import { TriggerTimes } from '../service-endpoints/trigger-times.js';
import { planSlices } from './plan.js';
import { managedByLabel, serviceNameLabel, sliceManager } from './slice-labels.js';

/** What the flags of the controller manager say. */
export interface EndpointSliceOptions {
  readonly workers: number;
  /** Most endpoints of a slice. */
  readonly endpointsMax: number;
  /** Changes of pods are collected for so long. */
  readonly batchMs: number;
}

const pauses = { baseMs: 1000, maxMs: 1_000_000 };
/** Changes that others make of slices are collected for so long at least. */
const sliceBatchMsMin = 1000;
/** Name of an index of informers: slices by the key of their service, those that this controller writes. */
const ownIndex = 'slices-of-selecting-service';
const nodeZone = 'topology.kubernetes.io/zone';

/** Shows the pods that each service selects in EndpointSlices. */
export class EndpointSliceController implements Controller {
  readonly name = 'endpointslice-controller';
  readonly #parts: ControllerParts;
  readonly #options: EndpointSliceOptions;
  /** Of services. */
  readonly #queue: WorkQueue;
  readonly #services: Informer<Service>;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #tracker: SliceTracker;
  readonly #triggers = new TriggerTimes();
  /** Keys of services that wait for the informer of slices. */
  readonly #behind = new Set<string>();

  constructor(parts: ControllerParts, options: EndpointSliceOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#queue = new WorkQueue(parts.clock, pauses);
    this.#tracker = new SliceTracker(parts.clock);
    this.#services = parts.informers.of(resources.services);
    this.#pods = parts.informers.of(resources.pods, { indexes: podsByNodeIndex });
    this.#nodes = parts.informers.of(resources.nodes);
    this.#slices = parts.informers.of(resources.endpointSlices, {
      indexes: { [ownIndex]: (slice) => (isOwn(slice) ? [ownerOf(slice)] : []) },
    });
    this.#watchServices();
    this.#watchPods();
    this.#watchSlices();
    this.#watchNodes();
  }

  run(signal: AbortSignal): Promise<void> {
    return reconcileLoop({
      ...{ parts: this.#parts, name: 'endpoint_slice', queue: this.#queue, signal },
      informers: [this.#services, this.#pods, this.#nodes, this.#slices],
      ...{ workers: this.#options.workers, forgets: false },
      reconcile: (key) => this.#reconcile(key, signal),
    });
  }

  #watchServices(): void {
    const enqueue = (service: Service) => this.#queue.add(objectKey(service));
    this.#services.addHandler({
      onAdd: enqueue,
      onUpdate: (_, after) => enqueue(after),
      onDelete: enqueue,
    });
  }

  #watchPods(): void {
    const { lister } = this.#services;
    const enqueue = (keys: Iterable<string>) => {
      for (const key of keys) this.#queue.addAfter(key, this.#options.batchMs);
    };
    this.#pods.addHandler({
      onAdd: (pod) => enqueue(servicesOf(pod, lister)),
      onUpdate: (before, after) => enqueue(servicesToUpdate(before, after, lister)),
      onDelete: (pod) => enqueue(servicesOf(pod, lister)),
    });
  }

  #watchSlices(): void {
    const onShown = (slice: EndpointSlice) => {
      const owner = ownerOf(slice);
      if (this.#tracker.onShown(owner, slice)) this.#onForeignChange(owner);
      this.#onCaughtUp(owner);
    };
    this.#slices.addHandler({
      onAdd: (slice) => {
        if (isOwn(slice)) onShown(slice);
      },
      onUpdate: (before, after) => {
        // A label decides whose a slice is: who has lost it looks too.
        if (isOwn(before) && (!isOwn(after) || ownerOf(before) !== ownerOf(after))) {
          this.#tracker.onGone(ownerOf(before), before);
          this.#onForeignChange(ownerOf(before));
        }
        if (isOwn(after)) onShown(after);
      },
      onDelete: (slice) => {
        if (!isOwn(slice)) return;
        if (this.#tracker.onGone(ownerOf(slice), slice)) this.#onForeignChange(ownerOf(slice));
        this.#onCaughtUp(ownerOf(slice));
      },
    });
  }

  /** Endpoints carry the zone of their node, and wait for the node to be known. */
  #watchNodes(): void {
    const onNode = (name: string) => {
      for (const pod of this.#pods.lister.byIndex(podsByNode, name)) {
        for (const key of servicesOf(pod, this.#services.lister)) this.#queue.add(key);
      }
    };
    this.#nodes.addHandler({
      onAdd: ({ metadata }) => onNode(metadata.name ?? ''),
      onUpdate: (before, after) => {
        const [was, is] = [before, after].map(({ metadata }) => metadata.labels?.[nodeZone]);
        if (was !== is) onNode(after.metadata.name ?? '');
      },
    });
  }

  #onForeignChange(owner: string): void {
    this.#queue.addAfter(owner, Math.max(sliceBatchMsMin, this.#options.batchMs));
  }

  #onCaughtUp(owner: string): void {
    if (!this.#behind.has(owner)) return;
    if (this.#tracker.isBehind(owner, this.#slices.lister.byIndex(ownIndex, owner))) return;
    this.#behind.delete(owner);
    this.#queue.add(owner);
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const service = this.#services.lister.byKey(key);
    if (service === undefined) {
      // The garbage collector takes its slices.
      this.#triggers.forget(key);
      this.#tracker.forget(key);
      this.#behind.delete(key);
      this.#queue.forget(key);
      return;
    }
    if (!selectsPods(service)) return this.#queue.forget(key);
    const existing = this.#slices.lister
      .byIndex(ownIndex, key)
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    if (this.#tracker.isBehind(key, existing)) {
      this.#behind.add(key);
      this.#queue.addRateLimited(key);
      return;
    }
    const pods = podsOf(service, this.#pods.lister);
    const { missingNodes, ...writes } = planSlices({
      ...{ service, pods, existing, endpointsMax: this.#options.endpointsMax },
      nodeOf: (name) => this.#nodes.lister.byKey(name),
      triggerTimeMs: this.#triggers.next(service, pods),
    });
    await this.#write(service, writes, signal);
    if (missingNodes.length > 0) this.#queue.addRateLimited(key);
    else this.#queue.forget(key);
  }

  async #write(
    service: Service,
    writes: Parameters<typeof writeSlices>[3],
    signal: AbortSignal,
  ): Promise<void> {
    const { client, events } = this.#parts;
    const slices = client.objects(resources.endpointSlices);
    try {
      await writeSlices(slices, this.#tracker, objectKey(service), writes, { signal });
    } catch (error) {
      if (!signal.aborted && error instanceof Error) {
        const { namespace, name } = splitKey(objectKey(service));
        const text = `Error updating Endpoint Slices for Service ${namespace}/${name}: ${error.message}`;
        events.event(service, 'Warning', 'FailedToUpdateEndpointSlices', text);
      }
      throw error;
    }
  }
}

function isOwn({ metadata }: EndpointSlice): boolean {
  return metadata.labels?.[managedByLabel] === sliceManager;
}

function ownerOf({ metadata }: EndpointSlice): string {
  return keyOf(metadata.namespace ?? '', metadata.labels?.[serviceNameLabel] ?? '');
}
