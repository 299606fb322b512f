import type { Deployment, ReplicaSet } from '../../api/gen/apps-v1.js';
import type { KubeObject } from '../../machinery/object.js';

/** Of a ReplicaSet: the number of the template among those that its Deployment had. Of a Deployment: that of its current one. */
export const revisionAnnotation = 'deployment.kubernetes.io/revision';
/** Of a ReplicaSet that was rolled back to: the revisions that it had before, with commas. */
export const revisionHistoryAnnotation = 'deployment.kubernetes.io/revision-history';
/** Of a ReplicaSet: the replicas of its Deployment when it was last scaled. */
export const desiredReplicasAnnotation = 'deployment.kubernetes.io/desired-replicas';
/** Of a ReplicaSet: those, and the surge. */
export const maxReplicasAnnotation = 'deployment.kubernetes.io/max-replicas';
/** Of a Deployment: the revision that it is to go back to; 0 for the last one. */
export const rollbackAnnotation = 'deprecated.deployment.rollback.to';

const historyLengthMax = 2000;
const notCopied: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  rollbackAnnotation,
  revisionAnnotation,
  revisionHistoryAnnotation,
  desiredReplicasAnnotation,
  maxReplicasAnnotation,
]);

type Annotations = Readonly<Record<string, string>>;

/** The revision of a ReplicaSet; 0 when it has none, or none that is a number of 64 bits. Users may write any. */
export function revisionOf({ metadata }: KubeObject): bigint {
  return integer64(metadata.annotations?.[revisionAnnotation]) ?? 0n;
}

function integer64(text = ''): bigint | null {
  if (!/^[+-]?[0-9]{1,19}$/.test(text)) return null;
  const value = BigInt(text.replace('+', ''));
  return BigInt.asIntN(64, value) === value ? value : null;
}

/** The number that an annotation states; null when there is none. */
export function integerAnnotation({ metadata }: KubeObject, name: string): number | null {
  const text = metadata.annotations?.[name] ?? '';
  return /^[+-]?[0-9]{1,15}$/.test(text) ? Number(text) : null;
}

/** What scaling writes beside the number of replicas. */
export function scaleAnnotations({
  replicas,
  surge,
}: {
  readonly replicas: number;
  readonly surge: number;
}): Annotations {
  return {
    [desiredReplicasAnnotation]: String(replicas),
    [maxReplicasAnnotation]: String(replicas + surge),
  };
}

/**
 * The annotations of the ReplicaSet of a Deployment's current template: its own, over them the Deployment's, and its revision, which
 * only grows. A revision that it had before goes to its history.
 */
export function currentSetAnnotations(
  deployment: Deployment,
  set: ReplicaSet,
  revision: bigint,
): Record<string, string> {
  const annotations = { ...set.metadata.annotations };
  for (const [name, value] of Object.entries(deployment.metadata.annotations ?? {})) {
    if (!notCopied.has(name)) annotations[name] = value;
  }
  const before = set.metadata.annotations?.[revisionAnnotation];
  if (before !== undefined && revisionOf(set) >= revision) return annotations;
  annotations[revisionAnnotation] = String(revision);
  if (before === undefined) return annotations;
  const history = withRevision(annotations[revisionHistoryAnnotation] ?? '', before);
  if (history !== null) annotations[revisionHistoryAnnotation] = history;
  return annotations;
}

/** The revision that a Deployment is asked to go back to, 0 for the last one; null when it is asked for none, or for what is no number. */
export function rollbackTarget({ metadata }: Deployment): bigint | null {
  return integer64(metadata.annotations?.[rollbackAnnotation]);
}

/** The annotations of a Deployment that goes back to the template of a ReplicaSet: its own that are not copied, and those that were. */
export function annotationsOfSet(deployment: Deployment, set: ReplicaSet): Record<string, string> {
  const own = Object.entries(deployment.metadata.annotations ?? {});
  const copied = Object.entries(set.metadata.annotations ?? {});
  return Object.fromEntries([
    ...own.filter(([name]) => notCopied.has(name)),
    ...copied.filter(([name]) => !notCopied.has(name)),
  ]);
}

/** The oldest go when the text becomes too long. Null: not even the new one has room. */
function withRevision(history: string, revision: string): string | null {
  const revisions = history === '' ? [revision] : [...history.split(','), revision];
  while (revisions.length > 1 && revisions.join(',').length > historyLengthMax) revisions.shift();
  const text = revisions.join(',');
  return text.length > historyLengthMax ? null : text;
}
