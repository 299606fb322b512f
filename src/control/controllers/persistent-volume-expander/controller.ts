import { unreachable } from '../../../base/assert.js';
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/gen/core-v1.js';
import { type Informer, objectKey, resources, WorkQueue } from '../../client/index.js';
import type { Controller, ControllerParts } from '../controller.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { ignoreNotFound } from '../runtime/write-failures.js';
import { claimKeyOf } from '../volumes/claims.js';
import { type ExpandAction, planExpansion } from './plan.js';

const workers = 10;

/** Makes volumes larger whose claims ask for more, or tells who is to do it. */
export class VolumeExpander implements Controller {
  readonly name = 'persistentvolume-expander-controller';
  readonly #parts: ControllerParts;
  readonly #queue: WorkQueue;
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #volumes: Informer<PersistentVolume>;

  constructor(parts: ControllerParts) {
    this.#parts = parts;
    this.#queue = new WorkQueue(parts.clock);
    this.#claims = parts.informers.of(resources.persistentVolumeClaims);
    this.#volumes = parts.informers.of(resources.persistentVolumes);
    const sizeOf = (claim: PersistentVolumeClaim) => claim.spec?.resources?.requests?.storage;
    this.#claims.addHandler({
      onAdd: (claim) => this.#queue.add(objectKey(claim)),
      onUpdate: (before, after) => {
        const isNews =
          sizeOf(before) !== sizeOf(after) || before.status?.phase !== after.status?.phase;
        if (isNews) this.#queue.add(objectKey(after));
      },
    });
    // The claim may have been seen before its volume was.
    const onVolume = (volume: PersistentVolume) => {
      const key = claimKeyOf(volume);
      if (key !== null) this.#queue.add(key);
    };
    this.#volumes.addHandler({
      onAdd: onVolume,
      onUpdate: (before, after) => {
        if (before.spec?.claimRef?.uid !== after.spec?.claimRef?.uid) onVolume(after);
      },
    });
  }

  run(signal: AbortSignal): Promise<void> {
    return reconcileLoop({
      ...{ parts: this.#parts, name: 'volume_expand', queue: this.#queue, workers, signal },
      informers: [this.#claims, this.#volumes],
      reconcile: (key) => this.#reconcile(key, signal),
    });
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const claim = this.#claims.lister.byKey(key);
    if (claim === undefined) return;
    const volume = this.#volumes.lister.byKey(claim.spec?.volumeName ?? '');
    for (const action of planExpansion(claim, volume)) await this.#do(action, claim, signal);
  }

  async #do(
    action: ExpandAction,
    claim: PersistentVolumeClaim,
    signal: AbortSignal,
  ): Promise<void> {
    const { client, events } = this.#parts;
    const claims = client.objects(resources.persistentVolumeClaims);
    switch (action.kind) {
      case 'write-volume': {
        const volumes = client.objects(resources.persistentVolumes);
        await volumes.update(action.volume, { signal });
        return;
      }
      case 'write-claim':
        await claims.update(action.claim, { signal }).catch(ignoreNotFound);
        return;
      case 'write-claim-status':
        await claims.updateStatus(action.claim, { signal }).catch(ignoreNotFound);
        return;
      case 'event':
        events.event(claim, action.type, action.reason, action.message);
        return;
      default:
        unreachable(action);
    }
  }
}
