import type { Deployment, ReplicaSet } from '../../api/gen/apps-v1.js';
import type { PodTemplateSpec } from '../../api/gen/core-v1.js';
import { parseTime } from '../../machinery/time.js';
import { canonicalTemplate } from '../pods/index.js';
import { revisionOf } from './annotations.js';

/** The label that tells the pods of one template of a Deployment from those of another. */
export const templateHashLabel = 'pod-template-hash';

/** How many pods a ReplicaSet wants. */
export function replicasOf({ spec }: ReplicaSet): number {
  return spec?.replicas ?? 1;
}

/** How many pods all of them want. */
export function totalReplicas(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + replicasOf(set), 0);
}

/** How many of its pods are available, and stay: of one that shrinks, not more than it is to have. */
export function availableOf(set: ReplicaSet): number {
  return Math.min(set.status?.availableReplicas ?? 0, replicasOf(set));
}

/** How many pods of all of them are available, and stay. */
export function totalAvailable(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + availableOf(set), 0);
}

/** How many pods it has or will have: one that shrinks has its pods until its controller has deleted them. */
export function podsOf(set: ReplicaSet): number {
  return Math.max(replicasOf(set), set.status?.replicas ?? 0);
}

/** Its controller has seen what is wanted of it now. */
export function isObserved({ metadata, status }: ReplicaSet): boolean {
  return (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
}

/** Those that want pods. */
export function activeSets(sets: readonly ReplicaSet[]): readonly ReplicaSet[] {
  return sets.filter((set) => replicasOf(set) > 0);
}

/** Oldest first; by name among those of one second. */
export function byAge(a: ReplicaSet, b: ReplicaSet): number {
  const [timeA, timeB] = [createdMs(a), createdMs(b)];
  if (timeA !== timeB) return timeA - timeB;
  const [nameA, nameB] = [a.metadata.name ?? '', b.metadata.name ?? ''];
  return nameA < nameB ? -1 : nameA > nameB ? 1 : 0;
}

/** Lowest revision first; oldest first among equals. */
export function byRevision(a: ReplicaSet, b: ReplicaSet): number {
  const [revisionA, revisionB] = [revisionOf(a), revisionOf(b)];
  if (revisionA !== revisionB) return revisionA < revisionB ? -1 : 1;
  return byAge(a, b);
}

function createdMs({ metadata }: ReplicaSet): number {
  return parseTime(metadata.creationTimestamp ?? '') ?? 0;
}

/** The ReplicaSet of the Deployment's template: the oldest, if several have it. */
export function currentSet(
  { spec }: Deployment,
  sets: readonly ReplicaSet[],
): ReplicaSet | undefined {
  const wanted = comparableTemplate(spec?.template);
  return sets.filter((set) => comparableTemplate(set.spec?.template) === wanted).sort(byAge)[0];
}

/** Templates are shared and never change, so each is read once. */
const comparable = new WeakMap<PodTemplateSpec, string>();

/** Equal texts: equal templates, but for the label of the hash. */
export function comparableTemplate(template: PodTemplateSpec = {}): string {
  const known = comparable.get(template);
  if (known !== undefined) return known;
  const { [templateHashLabel]: _, ...labels } = template.metadata?.labels ?? {};
  const text = canonicalTemplate({ ...template, metadata: { ...template.metadata, labels } });
  comparable.set(template, text);
  return text;
}
