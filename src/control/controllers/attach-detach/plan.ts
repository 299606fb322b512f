import type { AttachedVolume, Node, PersistentVolume } from '../../api/gen/core-v1.js';
import type { VolumeAttachment } from '../../api/gen/storage-v1.js';
import {
  attachmentKey,
  attachmentOf,
  keyOfAttachment,
  nodeVolumeName,
  type WantedAttachment,
} from './attachment.js';

/** What is known when the attachments of a volume are planned. */
export interface AttachNeeds {
  readonly volume: PersistentVolume;
  /** By the nodes on which pods use it. */
  readonly wanted: readonly WantedAttachment[];
  /** Those of the volume that are there. */
  readonly existing: readonly VolumeAttachment[];
  readonly nodeOf: (name: string) => Node | undefined;
  /** Since when nobody has wanted it there, milliseconds; by {@link attachmentKey}. */
  readonly unwantedSince: ReadonlyMap<string, number>;
  readonly nowMs: number;
  /** Null: a node that holds on to a volume is waited for without end. */
  readonly forceAfterMs: number | null;
}

/** One thing to do about a volume. */
export type AttachStep =
  | { readonly kind: 'attach'; readonly attachment: VolumeAttachment }
  | { readonly kind: 'detach'; readonly attachment: VolumeAttachment }
  /** Pods of a node cannot have a volume that another node has. */
  | { readonly kind: 'refuse'; readonly pods: readonly string[]; readonly message: string }
  /** The driver has attached it, or could not. */
  | {
      readonly kind: 'attached' | 'failed';
      readonly pods: readonly string[];
      readonly message: string;
    }
  /** There is something to do then. */
  | { readonly kind: 'wait'; readonly ms: number };

const outOfServiceTaint = 'node.kubernetes.io/out-of-service';

/** What to do so that a volume is attached to the nodes that need it, and to no other. Pure. */
export function planAttachments(needs: AttachNeeds): AttachStep[] {
  return [...planDetaching(needs), ...planAttaching(needs)];
}

function planAttaching({ volume, wanted, existing }: AttachNeeds): AttachStep[] {
  const there = new Map(existing.map((each) => [keyOfAttachment(each), each]));
  const name = volume.metadata.name ?? '';
  const isShared = mayBeShared(volume);
  const steps: AttachStep[] = [];
  let holders = existing.length;
  for (const each of wanted) {
    const attachment = there.get(attachmentKey(each.node, name));
    if (attachment !== undefined) {
      steps.push(...outcomeOf(attachment, each, name));
    } else if (holders > 0 && !isShared) {
      steps.push({
        kind: 'refuse',
        pods: each.pods,
        message: refusal(name, needsOthers(wanted, each)),
      });
    } else {
      steps.push({ kind: 'attach', attachment: attachmentOf(each) });
      holders++;
    }
  }
  return steps;
}

function needsOthers(wanted: readonly WantedAttachment[], own: WantedAttachment): boolean {
  return wanted.some(({ node }) => node !== own.node);
}

function refusal(name: string, isUsedByPods: boolean): string {
  const start = `Multi-Attach error for volume ${JSON.stringify(name)}`;
  return isUsedByPods
    ? `${start} Volume is already used by pod(s) on another node`
    : `${start} Volume is already exclusively attached to one node and can't be attached to another`;
}

function outcomeOf(
  { status, metadata }: VolumeAttachment,
  { pods }: WantedAttachment,
  name: string,
): AttachStep[] {
  if (metadata.deletionTimestamp !== undefined) return [];
  const quoted = JSON.stringify(name);
  if (status?.attached === true) {
    const message = `AttachVolume.Attach succeeded for volume ${quoted} `;
    return [{ kind: 'attached', pods, message }];
  }
  const error = status?.attachError?.message;
  if (error === undefined) return [];
  const message = `AttachVolume.Attach failed for volume ${quoted} : ${error}`;
  return [{ kind: 'failed', pods, message }];
}

function planDetaching(needs: AttachNeeds): AttachStep[] {
  const { volume, wanted, existing } = needs;
  const name = volume.metadata.name ?? '';
  const nodes = new Set(wanted.map(({ node }) => node));
  const steps: AttachStep[] = [];
  for (const attachment of existing) {
    const node = attachment.spec?.nodeName ?? '';
    if (nodes.has(node) || attachment.metadata.deletionTimestamp !== undefined) continue;
    const waitMs = waitToDetach(needs, node, attachmentKey(node, name));
    if (waitMs === 0) steps.push({ kind: 'detach', attachment });
    else if (waitMs !== null) steps.push({ kind: 'wait', ms: waitMs });
  }
  return steps;
}

/** Milliseconds until a volume may be taken from a node: 0 is now, null until the node lets go. */
function waitToDetach(needs: AttachNeeds, nodeName: string, key: string): number | null {
  const { volume, nodeOf, unwantedSince, nowMs, forceAfterMs } = needs;
  const node = nodeOf(nodeName);
  if (node === undefined) return 0;
  const isOut = node.spec?.taints?.some(({ key }) => key === outOfServiceTaint) ?? false;
  const isInUse = node.status?.volumesInUse?.includes(nodeVolumeName(volume)) ?? false;
  if (!isInUse || isOut) return 0;
  // A node that is well says itself when it has unmounted the volume.
  if (forceAfterMs === null || isReady(node)) return null;
  const sinceMs = unwantedSince.get(key) ?? nowMs;
  return Math.max(0, sinceMs + forceAfterMs - nowMs);
}

function isReady({ status }: Node): boolean {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
}

function mayBeShared({ spec }: PersistentVolume): boolean {
  const modes = spec?.accessModes ?? [];
  return modes.length === 0 || modes.includes('ReadWriteMany') || modes.includes('ReadOnlyMany');
}

/** What a node is to say of the volumes that it has: kubelets wait for it. Null: it says so already. Pure. */
export function attachedVolumes(
  node: Node,
  attachments: readonly VolumeAttachment[],
  volumeOf: (name: string) => PersistentVolume | undefined,
): AttachedVolume[] | null {
  const before = node.status?.volumesAttached ?? [];
  const devices = new Map(before.map(({ name, devicePath }) => [name, devicePath]));
  const names = attachments
    .filter(({ status, metadata }) => {
      return status?.attached === true && metadata.deletionTimestamp === undefined;
    })
    .flatMap(({ spec }) => volumeOf(spec?.source?.persistentVolumeName ?? '') ?? [])
    .map(nodeVolumeName)
    .sort();
  const isSame = names.length === before.length && names.every((name) => devices.has(name));
  return isSame ? null : names.map((name) => ({ name, devicePath: devices.get(name) ?? '' }));
}
