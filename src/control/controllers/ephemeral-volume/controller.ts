import type { PersistentVolumeClaim, Pod } from '../../api/gen/core-v1.js';
import { type Informer, keyOf, objectKey, resources, WorkQueue } from '../../client/index.js';
import { StatusError } from '../../machinery/status.js';
import type { Controller, ControllerParts } from '../controller.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { isAlreadyExists, isNamespaceTerminating } from '../runtime/write-failures.js';
import { claimKeysOf, podsByClaim } from '../volumes/claims.js';
import { planEphemeralClaims } from './plan.js';

/** Makes the claims of pods' generic ephemeral volumes. They go with their pods. */
export class EphemeralVolumeController implements Controller {
  readonly name = 'ephemeral-volume-controller';
  readonly #parts: ControllerParts;
  readonly #workers: number;
  readonly #queue: WorkQueue;
  readonly #pods: Informer<Pod>;
  readonly #claims: Informer<PersistentVolumeClaim>;

  constructor(parts: ControllerParts, workers: number) {
    this.#parts = parts;
    this.#workers = workers;
    this.#queue = new WorkQueue(parts.clock);
    this.#pods = parts.informers.of(resources.pods, { indexes: { [podsByClaim]: claimKeysOf } });
    this.#claims = parts.informers.of(resources.persistentVolumeClaims);
    this.#pods.addHandler({ onAdd: (pod) => this.#onPod(pod) });
    this.#claims.addHandler({
      onDelete: (claim) => {
        const pods = this.#pods.lister.byIndex(podsByClaim, objectKey(claim));
        for (const pod of pods) this.#onPod(pod);
      },
    });
  }

  run(signal: AbortSignal): Promise<void> {
    return reconcileLoop({
      ...{ parts: this.#parts, name: 'ephemeral_volume', queue: this.#queue, signal },
      ...{ workers: this.#workers, informers: [this.#pods, this.#claims] },
      // A claim that is another's is waited for with growing pauses.
      forgets: false,
      reconcile: (key) => this.#reconcile(key, signal),
    });
  }

  #onPod(pod: Pod): void {
    const hasAny = pod.spec?.volumes?.some(({ ephemeral }) => ephemeral !== undefined) ?? false;
    if (hasAny) this.#queue.add(objectKey(pod));
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const pod = this.#pods.lister.byKey(key);
    if (pod === undefined) {
      this.#queue.forget(key);
      return;
    }
    const { namespace = '' } = pod.metadata;
    const claims = this.#parts.client.objects(resources.persistentVolumeClaims);
    const claimOf = (name: string) => this.#claims.lister.byKey(keyOf(namespace, name));
    const steps = planEphemeralClaims(pod, claimOf);
    const isRefused = steps.some(({ kind }) => kind === 'refuse');
    for (const step of steps) {
      if (step.kind === 'refuse') {
        this.#warn(pod, step.volume, step.message);
        continue;
      }
      try {
        await claims.create(step.claim, { signal });
      } catch (error) {
        if (isNamespaceTerminating(error)) continue;
        if (!isAlreadyExists(error) && error instanceof StatusError) {
          const volume = step.claim.metadata.name?.slice((pod.metadata.name ?? '').length + 1);
          this.#warn(pod, volume ?? '', `create PVC ${step.claim.metadata.name}: ${error.message}`);
        }
        throw error;
      }
    }
    if (isRefused) this.#queue.addRateLimited(key);
    else this.#queue.forget(key);
  }

  #warn(pod: Pod, volume: string, message: string): void {
    const text = `ephemeral volume ${volume}: ${message}`;
    this.#parts.events.event(pod, 'Warning', 'FailedBinding', text);
  }
}
