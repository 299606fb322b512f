import { unreachable } from '../../../base/assert.js';
import { isPodTerminal } from '../../api/core-v1/pod/pod-state.js';
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/gen/core-v1.js';
import type { CSIDriver, VolumeAttachment } from '../../api/gen/storage-v1.js';
import { type Informer, objectKey, resources, WorkQueue } from '../../client/index.js';
import type { Controller, ControllerParts } from '../controller.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { ignoreNotFound, isAlreadyExists } from '../runtime/write-failures.js';
import { claimKeyOf, claimKeysOf, podsByClaim, usesClaim } from '../volumes/claims.js';
import { attachmentKey, keyOfAttachment, type WantedAttachment } from './attachment.js';
import { type AttachStep, attachedVolumes, planAttachments } from './plan.js';

/** What the flags of the controller manager say. */
export interface AttachDetachOptions {
  /** Volumes are looked at again so often. */
  readonly resyncMs: number;
  /** Null: volumes are never taken from a node that says that it uses them. */
  readonly forceAfterMs: number | null;
}

const attachmentsByVolume = 'attachment-volume';
const attachmentsByNode = 'attachment-node';
const workers = 4;

/** Has CSI drivers attach volumes to the nodes whose pods use them, and detach them when they are through. */
export class AttachDetachController implements Controller {
  readonly name = 'persistentvolume-attach-detach-controller';
  readonly #parts: ControllerParts;
  readonly #options: AttachDetachOptions;
  /** Keys are `volume/NAME` and `node/NAME`. */
  readonly #queue: WorkQueue;
  readonly #pods: Informer<Pod>;
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #volumes: Informer<PersistentVolume>;
  readonly #nodes: Informer<Node>;
  readonly #drivers: Informer<CSIDriver>;
  readonly #attachments: Informer<VolumeAttachment>;
  readonly #unwantedSince = new Map<string, number>();
  /** What pods were told of their volumes, so that they are told once: by the pod's uid and the volume's name. */
  readonly #told = new Map<string, Map<string, string>>();

  constructor(parts: ControllerParts, options: AttachDetachOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#queue = new WorkQueue(parts.clock);
    const { informers } = parts;
    this.#pods = informers.of(resources.pods, { indexes: { [podsByClaim]: claimKeysOf } });
    this.#claims = informers.of(resources.persistentVolumeClaims);
    this.#volumes = informers.of(resources.persistentVolumes);
    this.#nodes = informers.of(resources.nodes);
    this.#drivers = informers.of(resources.csiDrivers);
    this.#attachments = informers.of(resources.volumeAttachments, {
      indexes: {
        [attachmentsByVolume]: ({ spec }) => [spec?.source?.persistentVolumeName ?? ''],
        [attachmentsByNode]: ({ spec }) => [spec?.nodeName ?? ''],
      },
    });
    this.#watch();
  }

  run(signal: AbortSignal): Promise<void> {
    return reconcileLoop({
      ...{ parts: this.#parts, name: 'attach_detach', queue: this.#queue, workers, signal },
      informers: [
        ...[this.#pods, this.#claims, this.#volumes],
        ...[this.#nodes, this.#drivers, this.#attachments],
      ],
      reconcile: (key) => this.#reconcile(key, signal),
    });
  }

  #watch(): void {
    const onPod = (pod: Pod) => {
      for (const key of claimKeysOf(pod)) this.#lookAtClaim(this.#claims.lister.byKey(key));
    };
    this.#pods.addHandler({
      onAdd: onPod,
      onUpdate: (before, after) => {
        const isNews =
          before.spec?.nodeName !== after.spec?.nodeName ||
          isPodTerminal(before) !== isPodTerminal(after);
        if (isNews) onPod(after);
      },
      onDelete: (pod) => {
        this.#told.delete(pod.metadata.uid ?? '');
        onPod(pod);
      },
    });
    const onClaim = (claim: PersistentVolumeClaim) => this.#lookAtClaim(claim);
    this.#claims.addHandler({ onAdd: onClaim, onUpdate: (_, claim) => onClaim(claim) });
    const onVolume = ({ metadata }: PersistentVolume) => this.#look(metadata.name);
    this.#volumes.addHandler({ onAdd: onVolume, onUpdate: (_, after) => onVolume(after) });
    const onAttachment = ({ spec }: VolumeAttachment) => {
      this.#look(spec?.source?.persistentVolumeName);
      this.#queue.add(`node/${spec?.nodeName ?? ''}`);
    };
    this.#attachments.addHandler({
      onAdd: onAttachment,
      onUpdate: (_, after) => onAttachment(after),
      onDelete: (attachment) => {
        this.#unwantedSince.delete(keyOfAttachment(attachment));
        onAttachment(attachment);
      },
    });
    const onNode = ({ metadata: { name = '' } }: Node) => {
      const attachments = this.#attachments.lister.byIndex(attachmentsByNode, name);
      for (const { spec } of attachments) this.#look(spec?.source?.persistentVolumeName);
      if (attachments.length > 0) this.#queue.add(`node/${name}`);
    };
    this.#nodes.addHandler({
      onAdd: onNode,
      onUpdate: (_, after) => onNode(after),
      onDelete: onNode,
    });
  }

  #look(volumeName = ''): void {
    if (volumeName !== '') this.#queue.add(`volume/${volumeName}`);
  }

  #lookAtClaim(claim: PersistentVolumeClaim | undefined): void {
    this.#look(claim?.spec?.volumeName);
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const name = key.slice(key.indexOf('/') + 1);
    if (key.startsWith('node/')) await this.#reconcileNode(name, signal);
    else await this.#reconcileVolume(name, signal);
  }

  async #reconcileVolume(name: string, signal: AbortSignal): Promise<void> {
    const volume = this.#volumes.lister.byKey(name);
    if (volume?.spec?.csi === undefined || !this.#needsAttaching(volume)) return;
    const wanted = this.#wanted(volume);
    const existing = this.#attachments.lister.byIndex(attachmentsByVolume, name);
    const nowMs = this.#parts.clock.now();
    this.#noteUnwanted(wanted, existing, nowMs);
    const steps = planAttachments({
      ...{ volume, wanted, existing, nowMs, unwantedSince: this.#unwantedSince },
      nodeOf: (node) => this.#nodes.lister.byKey(node),
      forceAfterMs: this.#options.forceAfterMs,
    });
    for (const step of steps) await this.#do(step, name, signal);
    if (wanted.length > 0) this.#queue.addAfter(`volume/${name}`, this.#options.resyncMs);
  }

  #needsAttaching({ spec }: PersistentVolume): boolean {
    const driver = this.#drivers.lister.byKey(spec?.csi?.driver ?? '');
    return driver?.spec?.attachRequired ?? true;
  }

  #wanted(volume: PersistentVolume): WantedAttachment[] {
    const key = claimKeyOf(volume);
    const claim = key === null ? undefined : this.#claims.lister.byKey(key);
    if (key === null || claim === undefined) return [];
    if (claim.spec?.volumeName !== volume.metadata.name) return [];
    const podsByNode = new Map<string, string[]>();
    for (const pod of this.#pods.lister.byIndex(podsByClaim, key)) {
      const node = pod.spec?.nodeName ?? '';
      if (node === '' || isPodTerminal(pod) || !usesClaim(pod, claim)) continue;
      podsByNode.set(node, [...(podsByNode.get(node) ?? []), objectKey(pod)]);
    }
    return [...podsByNode].map(([node, pods]) => ({ node, volume, pods }));
  }

  #noteUnwanted(
    wanted: readonly WantedAttachment[],
    existing: readonly VolumeAttachment[],
    nowMs: number,
  ): void {
    const nodes = new Set(wanted.map(({ node }) => node));
    for (const attachment of existing) {
      const key = keyOfAttachment(attachment);
      if (nodes.has(attachment.spec?.nodeName ?? '')) this.#unwantedSince.delete(key);
      else if (!this.#unwantedSince.has(key)) this.#unwantedSince.set(key, nowMs);
    }
  }

  async #do(step: AttachStep, volumeName: string, signal: AbortSignal): Promise<void> {
    const attachments = this.#parts.client.objects(resources.volumeAttachments);
    switch (step.kind) {
      case 'attach':
        try {
          await attachments.create(step.attachment, { signal });
        } catch (error) {
          // The informer will show it.
          if (!isAlreadyExists(error)) throw error;
        }
        return;
      case 'detach': {
        const { name = '', uid } = step.attachment.metadata;
        const { nodeName = '' } = step.attachment.spec ?? {};
        // The node says first that it has it no more: its kubelet shall not count on it.
        await this.#reconcileNode(nodeName, signal, name);
        const preconditions = uid === undefined ? {} : { preconditions: { uid } };
        await attachments.delete({ name }, { ...preconditions, signal }).catch(ignoreNotFound);
        this.#unwantedSince.delete(attachmentKey(nodeName, volumeName));
        return;
      }
      case 'refuse':
      case 'failed':
        this.#tell(step.pods, volumeName, 'Warning', 'FailedAttachVolume', step.message);
        return;
      case 'attached':
        this.#tell(step.pods, volumeName, 'Normal', 'SuccessfulAttachVolume', step.message);
        return;
      case 'wait':
        this.#queue.addAfter(`volume/${volumeName}`, step.ms);
        return;
      default:
        unreachable(step);
    }
  }

  #tell(
    pods: readonly string[],
    volumeName: string,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
  ): void {
    for (const key of pods) {
      const pod = this.#pods.lister.byKey(key);
      if (pod === undefined) continue;
      const { uid = '' } = pod.metadata;
      const told = this.#told.get(uid) ?? new Map<string, string>();
      if (told.get(volumeName) === message) continue;
      this.#told.set(uid, told.set(volumeName, message));
      this.#parts.events.event(pod, type, reason, message);
    }
  }

  /** `without`: an attachment that is about to go. */
  async #reconcileNode(name: string, signal: AbortSignal, without?: string): Promise<void> {
    const node = this.#nodes.lister.byKey(name);
    if (node === undefined) return;
    const attachments = this.#attachments.lister
      .byIndex(attachmentsByNode, name)
      .filter(({ metadata }) => metadata.name !== without);
    const volumeOf = (volume: string) => this.#volumes.lister.byKey(volume);
    const volumes = attachedVolumes(node, attachments, volumeOf);
    if (volumes === null) return;
    const list = volumes.map((each) => ({
      name: each.name ?? '',
      devicePath: each.devicePath ?? '',
    }));
    await this.#parts.client
      .objects(resources.nodes)
      .patch(
        { name },
        'merge',
        { status: { volumesAttached: list.length === 0 ? null : list } },
        { subresource: 'status', signal },
      )
      .catch(ignoreNotFound);
  }
}
