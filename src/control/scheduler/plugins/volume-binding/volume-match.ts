import type { Node, PersistentVolume, PersistentVolumeClaim } from '../../../api/gen/core-v1.js';
import { everyLabel, labelSelectorOf } from '../../../machinery/label-selector.js';
import { Quantity } from '../../../machinery/quantity.js';
import { storageClassOf } from '../pod-claims.js';
import { NodeSelectorMatcher } from '../required-node-affinity.js';

/** Volumes that a claim could have on some node. */
export interface ClaimCandidates {
  /** The volume that is meant for the claim, which gets no other. */
  readonly prebound: PersistentVolume | null;
  /** The others, smallest first. */
  readonly volumes: readonly PersistentVolume[];
}

/** What a claim asks for; nothing when it does not say. */
export function requestedStorage({ spec }: PersistentVolumeClaim): Quantity {
  const text = spec?.resources?.requests?.storage;
  return text === undefined ? Quantity.zero : Quantity.fromJson(text);
}

function capacityOf({ spec }: PersistentVolume): Quantity {
  const text = spec?.capacity?.storage;
  return text === undefined ? Quantity.zero : Quantity.fromJson(text);
}

/** What a claim could be bound to, wherever its pod runs. */
export function candidatesFor(
  claim: PersistentVolumeClaim,
  all: Iterable<PersistentVolume>,
): ClaimCandidates {
  const className = storageClassOf(claim);
  const requested = requestedStorage(claim);
  const selector =
    claim.spec?.selector === undefined ? everyLabel : labelSelectorOf(claim.spec.selector);
  const found: { readonly volume: PersistentVolume; readonly capacity: Quantity }[] = [];
  for (const volume of all) {
    if (storageClassOf(volume) !== className || !isSuitable(volume, claim)) continue;
    const capacity = capacityOf(volume);
    if (capacity.compare(requested) < 0) continue;
    if (isBoundTo(volume, claim)) return { prebound: volume, volumes: [] };
    if (volume.spec?.claimRef !== undefined || volume.status?.phase !== 'Available') continue;
    if (!selector.matches(volume.metadata.labels) || !allowsAccess(volume, claim)) continue;
    found.push({ volume, capacity });
  }
  found.sort((a, b) => a.capacity.compare(b.capacity));
  return { prebound: null, volumes: found.map(({ volume }) => volume) };
}

/** The volume for a claim on a node: the one that is meant for it, or the smallest that is not taken. */
export function volumeOn(
  { prebound, volumes }: ClaimCandidates,
  node: Node,
  taken: ReadonlySet<PersistentVolume>,
): PersistentVolume | null {
  if (prebound !== null) return isReachable(prebound, node) ? prebound : null;
  return volumes.find((volume) => !taken.has(volume) && isReachable(volume, node)) ?? null;
}

function isSuitable(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const mode = volume.spec?.volumeMode ?? 'Filesystem';
  const wanted = claim.spec?.volumeMode ?? 'Filesystem';
  const attributes = volume.spec?.volumeAttributesClassName ?? '';
  return (
    volume.metadata.deletionTimestamp === undefined &&
    mode === wanted &&
    attributes === (claim.spec?.volumeAttributesClassName ?? '')
  );
}

/** Whether a volume says that it belongs to the claim. */
export function isBoundTo(
  { spec }: PersistentVolume,
  { metadata }: PersistentVolumeClaim,
): boolean {
  const reference = spec?.claimRef;
  if (reference === undefined) return false;
  if (reference.name !== metadata.name || reference.namespace !== metadata.namespace) return false;
  return (reference.uid ?? '') === '' || reference.uid === metadata.uid;
}

function allowsAccess(volume: PersistentVolume, { spec }: PersistentVolumeClaim): boolean {
  return (spec?.accessModes ?? []).every((mode) => volume.spec?.accessModes?.includes(mode));
}

const reaches = new WeakMap<PersistentVolume, NodeSelectorMatcher>();

/** Whether a volume can be used on a node. */
export function isReachable(volume: PersistentVolume, node: Node): boolean {
  const required = volume.spec?.nodeAffinity?.required;
  if (required === undefined) return true;
  const known = reaches.get(volume);
  if (known !== undefined) return known.matches(node);
  const matcher = new NodeSelectorMatcher(required);
  reaches.set(volume, matcher);
  return matcher.matches(node);
}
