import type { Deployment, ReplicaSet, StatefulSet } from '../../api/gen/apps-v1.js';
import type { Pod, ReplicationController } from '../../api/gen/core-v1.js';
import type { Lister } from '../../client/index.js';
import type { OwnerReference } from '../../machinery/object.js';
import { controllerOf } from '../pods/owner.js';
import type { ScaleTargets } from '../scale-targets/scale-targets.js';

/** Where controllers of pods are looked up. */
export interface ControllerListers {
  readonly deployments: Lister<Deployment>;
  readonly replicaSets: Lister<ReplicaSet>;
  readonly statefulSets: Lister<StatefulSet>;
  readonly replicationControllers: Lister<ReplicationController>;
}

/** How many pods there should be. */
export type ExpectedScale =
  | {
      readonly scale: number;
      /** Names of pods that nobody controls: how many of them there should be, nobody knows. */
      readonly unmanaged: readonly string[];
    }
  | { readonly problem: string };

interface Scaled {
  readonly uid: string;
  readonly replicas: number;
}

/** Sums up the scales of what controls the pods, each once. Rejects with StatusError and UnreachableError. */
export async function expectedScale(
  pods: readonly Pod[],
  listers: ControllerListers,
  targets: ScaleTargets,
  { signal }: { readonly signal: AbortSignal },
): Promise<ExpectedScale> {
  const scales = new Map<string, number>();
  const known = new Set<string>();
  const unmanaged: string[] = [];
  for (const pod of pods) {
    const reference = controllerOf(pod);
    if (reference === undefined) {
      unmanaged.push(pod.metadata.name ?? '');
      continue;
    }
    if (known.has(reference.uid ?? '')) continue;
    const namespace = pod.metadata.namespace ?? '';
    const found =
      builtIn(reference, namespace, listers) ??
      (await byScale(reference, namespace, targets, signal));
    if (found === null) {
      return { problem: `found no controllers for pod ${JSON.stringify(pod.metadata.name)}` };
    }
    known.add(reference.uid ?? '');
    scales.set(found.uid, found.replicas);
  }
  return { scale: [...scales.values()].reduce((sum, each) => sum + each, 0), unmanaged };
}

/** By informers: pods of a Deployment count by its scale, not by those of its ReplicaSets. */
function builtIn(
  { apiVersion = '', kind, name = '', uid }: OwnerReference,
  namespace: string,
  listers: ControllerListers,
): Scaled | null {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  switch (`${group}/${kind}`) {
    case '/ReplicationController':
      return scaledOf(listers.replicationControllers.get(namespace, name), uid);
    case 'apps/StatefulSet':
      return scaledOf(listers.statefulSets.get(namespace, name), uid);
    case 'apps/ReplicaSet': {
      const set = listers.replicaSets.get(namespace, name);
      const owner = set && controllerOf(set);
      if (set?.metadata.uid !== uid) return null;
      if (owner?.kind !== 'Deployment') return scaledOf(set, uid);
      return scaledOf(listers.deployments.get(namespace, owner.name ?? ''), owner.uid);
    }
    default:
      return null;
  }
}

function scaledOf(
  object: Deployment | ReplicaSet | StatefulSet | ReplicationController | undefined,
  uid: string | undefined,
): Scaled | null {
  if (object === undefined || object.metadata.uid !== uid) return null;
  return { uid: uid ?? '', replicas: object.spec?.replicas ?? 1 };
}

async function byScale(
  reference: OwnerReference,
  namespace: string,
  targets: ScaleTargets,
  signal: AbortSignal,
): Promise<Scaled | null> {
  const resource = await targets.resourceOf(reference, { signal });
  if (resource === null) return null;
  const scale = await targets.get(resource, { namespace, name: reference.name ?? '' }, { signal });
  if (scale === null || scale.metadata.uid !== reference.uid) return null;
  return { uid: reference.uid ?? '', replicas: scale.spec?.replicas ?? 0 };
}
