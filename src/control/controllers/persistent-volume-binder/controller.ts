import { unreachable } from '../../../base/assert.js';
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/gen/core-v1.js';
import type { StorageClass } from '../../api/gen/storage-v1.js';
import { type Informer, objectKey, resources, splitKey, WorkQueue } from '../../client/index.js';
import type { KubeObject } from '../../machinery/object.js';
import type { Controller, ControllerParts } from '../controller.js';
import { LatestWritten } from '../runtime/latest-written.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { ignoreNotFound, isAlreadyExists } from '../runtime/write-failures.js';
import { bindCompleted } from '../volumes/annotations.js';
import { claimKeyOf, claimKeysOf, classNameOf, podsByClaim } from '../volumes/claims.js';
import type { BinderAction } from './actions.js';
import { concerns, planClaim } from './plan-claim.js';
import { planVolume } from './plan-volume.js';
import type { ProvisionRules } from './provision.js';

/** What the flags of the controller manager say. */
export interface BinderOptions extends ProvisionRules {
  /** Claims that wait are looked at again so often. */
  readonly resyncMs: number;
}

const volumesByClass = 'volume-class';
const volumesByClaim = 'volume-claim';
const pendingClaims = 'claim-pending';
const claimsByVolume = 'claim-volume';
const isPending = 'yes';

/** Binds claims and volumes to each other, has volumes made, and says what became of those whose claim is gone. */
export class VolumeBinder implements Controller {
  readonly name = 'persistentvolume-binder-controller';
  readonly #parts: ControllerParts;
  readonly #options: BinderOptions;
  /** Keys are `claim/NAMESPACE/NAME` and `volume/NAME`. */
  readonly #queue: WorkQueue;
  readonly #volumes: Informer<PersistentVolume>;
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #classes: Informer<StorageClass>;
  readonly #pods: Informer<Pod>;
  readonly #writtenVolumes = new LatestWritten<PersistentVolume>();
  readonly #writtenClaims = new LatestWritten<PersistentVolumeClaim>();

  constructor(parts: ControllerParts, options: BinderOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#queue = new WorkQueue(parts.clock);
    const { informers } = parts;
    this.#volumes = informers.of(resources.persistentVolumes, {
      indexes: {
        [volumesByClass]: (volume) => [classNameOf(volume)],
        [volumesByClaim]: (volume) => [claimKeyOf(volume) ?? ''],
      },
    });
    this.#claims = informers.of(resources.persistentVolumeClaims, {
      indexes: {
        [pendingClaims]: ({ metadata }) =>
          metadata.annotations?.[bindCompleted] === undefined ? [isPending] : [],
        [claimsByVolume]: ({ spec }) => [spec?.volumeName ?? ''],
      },
    });
    this.#classes = informers.of(resources.storageClasses);
    this.#pods = informers.of(resources.pods, { indexes: { [podsByClaim]: claimKeysOf } });
    this.#watch();
  }

  run(signal: AbortSignal): Promise<void> {
    return reconcileLoop({
      ...{ parts: this.#parts, name: 'claims', queue: this.#queue, signal },
      informers: [this.#volumes, this.#claims, this.#classes, this.#pods],
      // Two would choose the same volume for two claims, again and again.
      workers: 1,
      reconcile: (key) => this.#reconcile(key, signal),
    });
  }

  #watch(): void {
    this.#volumes.addHandler({
      onAdd: (volume) => this.#onVolume(volume),
      onUpdate: (_, volume) => this.#onVolume(volume),
      onDelete: (volume) => this.#onVolume(volume),
    });
    this.#claims.addHandler({
      onAdd: (claim) => this.#onClaim(claim),
      onUpdate: (_, claim) => this.#onClaim(claim),
      onDelete: (claim) => this.#onClaim(claim),
    });
    const onClass = () => {
      for (const claim of this.#pending()) this.#lookAtClaim(objectKey(claim));
    };
    this.#classes.addHandler({ onAdd: onClass, onUpdate: onClass });
  }

  #onVolume(volume: PersistentVolume): void {
    const { name = '' } = volume.metadata;
    this.#queue.add(`volume/${name}`);
    const key = claimKeyOf(volume);
    if (key !== null) this.#lookAtClaim(key);
    for (const claim of this.#claims.lister.byIndex(claimsByVolume, name)) {
      this.#lookAtClaim(objectKey(claim));
    }
    if (key !== null) return;
    for (const claim of this.#pending()) {
      if (concerns(volume, claim)) this.#lookAtClaim(objectKey(claim));
    }
  }

  #onClaim(claim: PersistentVolumeClaim): void {
    const key = objectKey(claim);
    this.#lookAtClaim(key);
    const volumeName = claim.spec?.volumeName ?? '';
    if (volumeName !== '') this.#queue.add(`volume/${volumeName}`);
    for (const { metadata } of this.#volumes.lister.byIndex(volumesByClaim, key)) {
      this.#queue.add(`volume/${metadata.name ?? ''}`);
    }
  }

  #pending(): readonly PersistentVolumeClaim[] {
    return this.#claims.lister.byIndex(pendingClaims, isPending);
  }

  #lookAtClaim(key: string): void {
    this.#queue.add(`claim/${key}`);
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const slash = key.indexOf('/');
    const name = key.slice(slash + 1);
    if (key.startsWith('claim/')) await this.#reconcileClaim(name, signal);
    else await this.#reconcileVolume(name, signal);
  }

  async #reconcileClaim(key: string, signal: AbortSignal): Promise<void> {
    const claim = this.#writtenClaims.newest(key, this.#claims.lister.byKey(key));
    if (claim === undefined || claim.metadata.deletionTimestamp !== undefined) return;
    const { lister } = this.#volumes;
    const volumeName = claim.spec?.volumeName ?? '';
    const candidates = [
      ...lister.byIndex(volumesByClass, classNameOf(claim)),
      ...lister.byIndex(volumesByClaim, key),
    ];
    const actions = planClaim({
      claim,
      named: this.#volume(volumeName),
      volumes: candidates.flatMap(({ metadata }) => this.#volume(metadata.name ?? '') ?? []),
      classes: [...this.#classes.lister.all()],
      waitingPods: this.#waitingPods(key),
      rules: this.#options,
    });
    await this.#act(actions, signal);
    const isWaiting = claim.metadata.annotations?.[bindCompleted] === undefined;
    if (isWaiting) this.#queue.addAfter(`claim/${key}`, this.#options.resyncMs);
  }

  #volume(name: string): PersistentVolume | undefined {
    return this.#writtenVolumes.newest(name, this.#volumes.lister.byKey(name));
  }

  #waitingPods(key: string): string[] {
    return this.#pods.lister
      .byIndex(podsByClaim, key)
      .filter(({ spec }) => (spec?.nodeName ?? '') === '')
      .map(({ metadata }) => metadata.name ?? '')
      .sort();
  }

  async #reconcileVolume(name: string, signal: AbortSignal): Promise<void> {
    const volume = this.#volume(name);
    if (volume === undefined) return;
    await this.#act(planVolume({ volume, claim: await this.#claimOf(volume, signal) }), signal);
    if (volume.status?.phase === 'Failed') {
      this.#queue.addAfter(`volume/${name}`, this.#options.resyncMs);
    }
  }

  /** What a volume is released over is asked of the server: an informer that is behind would cost data. */
  async #claimOf(
    volume: PersistentVolume,
    signal: AbortSignal,
  ): Promise<PersistentVolumeClaim | undefined> {
    const key = claimKeyOf(volume);
    const uid = volume.spec?.claimRef?.uid ?? '';
    if (key === null || uid === '') return undefined;
    const known = this.#writtenClaims.newest(key, this.#claims.lister.byKey(key));
    if (known?.metadata.uid === uid) return known;
    const claims = this.#parts.client.objects(resources.persistentVolumeClaims);
    return (await claims.get(splitKey(key), { signal }).catch(ignoreNotFound)) ?? undefined;
  }

  async #act(actions: readonly BinderAction[], signal: AbortSignal): Promise<void> {
    const versions = new Map<string, string>();
    for (const action of actions) await this.#do(action, versions, signal);
  }

  /** `versions`: of what was written in this turn, which the next action stands on. */
  async #do(
    action: BinderAction,
    versions: Map<string, string>,
    signal: AbortSignal,
  ): Promise<void> {
    const { client, events } = this.#parts;
    const volumes = client.objects(resources.persistentVolumes);
    const claims = client.objects(resources.persistentVolumeClaims);
    switch (action.kind) {
      case 'write-volume':
        return this.#onVolumeWritten(
          await volumes.update(atVersion(action.volume, versions), { signal }),
          versions,
        );
      case 'write-volume-status':
        return this.#onVolumeWritten(
          await volumes.updateStatus(atVersion(action.volume, versions), { signal }),
          versions,
        );
      case 'write-claim':
        return this.#onClaimWritten(
          await claims.update(atVersion(action.claim, versions), { signal }),
          versions,
        );
      case 'write-claim-status':
        return this.#onClaimWritten(
          await claims.updateStatus(atVersion(action.claim, versions), { signal }),
          versions,
        );
      case 'create-volume':
        try {
          await volumes.create(action.volume, { signal });
        } catch (error) {
          // Made in an earlier turn: the informer will show it.
          if (!isAlreadyExists(error)) throw error;
        }
        return;
      case 'delete-volume': {
        const { name = '', uid } = action.volume.metadata;
        const preconditions = uid === undefined ? {} : { preconditions: { uid } };
        await volumes.delete({ name }, { ...preconditions, signal }).catch(ignoreNotFound);
        return;
      }
      case 'look-at-claim':
        this.#lookAtClaim(action.key);
        return;
      case 'event':
        events.event(action.about, action.type, action.reason, action.message);
        return;
      default:
        unreachable(action);
    }
  }

  #onVolumeWritten(volume: PersistentVolume, versions: Map<string, string>): void {
    this.#writtenVolumes.set(objectKey(volume), volume);
    versions.set(volume.metadata.uid ?? '', volume.metadata.resourceVersion ?? '');
  }

  #onClaimWritten(claim: PersistentVolumeClaim, versions: Map<string, string>): void {
    this.#writtenClaims.set(objectKey(claim), claim);
    versions.set(claim.metadata.uid ?? '', claim.metadata.resourceVersion ?? '');
  }
}

function atVersion<T extends KubeObject>(object: T, versions: ReadonlyMap<string, string>): T {
  const resourceVersion = versions.get(object.metadata.uid ?? '');
  if (resourceVersion === undefined) return object;
  return { ...object, metadata: { ...object.metadata, resourceVersion } };
}
