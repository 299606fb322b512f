import type { PersistentVolumeClaim, Pod, Volume } from '../../api/gen/core-v1.js';
import { controllerReference, isControlledBy } from '../pods/index.js';
import { ephemeralClaimName } from '../volumes/claims.js';

/** What to do for one generic ephemeral volume of a pod. */
export type EphemeralStep =
  | { readonly kind: 'create'; readonly claim: PersistentVolumeClaim }
  /** A claim of that name is there that was not made for the pod. */
  | { readonly kind: 'refuse'; readonly volume: string; readonly message: string };

/** The claims that a pod's generic ephemeral volumes need and do not have. `claimOf` finds one by name in the pod's namespace. Pure. */
export function planEphemeralClaims(
  pod: Pod,
  claimOf: (name: string) => PersistentVolumeClaim | undefined,
): EphemeralStep[] {
  if (pod.metadata.deletionTimestamp !== undefined) return [];
  const steps: EphemeralStep[] = [];
  for (const volume of pod.spec?.volumes ?? []) {
    if (volume.ephemeral === undefined) continue;
    const name = ephemeralClaimName(pod, volume);
    const claim = claimOf(name);
    if (claim === undefined) {
      steps.push({ kind: 'create', claim: claimFor(pod, volume, name) });
    } else if (!isControlledBy(claim, pod)) {
      const { namespace = '' } = pod.metadata;
      const message =
        `PVC ${namespace}/${name} was not created for pod ` +
        `${namespace}/${pod.metadata.name} (pod is not owner)`;
      steps.push({ kind: 'refuse', volume: volume.name ?? '', message });
    }
  }
  return steps;
}

function claimFor(pod: Pod, { ephemeral }: Volume, name: string): PersistentVolumeClaim {
  const { metadata = {}, spec = {} } = ephemeral?.volumeClaimTemplate ?? {};
  const { labels, annotations } = metadata;
  return {
    metadata: {
      name,
      ...(pod.metadata.namespace === undefined ? {} : { namespace: pod.metadata.namespace }),
      ...(labels === undefined ? {} : { labels: { ...labels } }),
      ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
      ownerReferences: [controllerReference({ apiVersion: 'v1', kind: 'Pod', ...pod })],
    },
    spec,
  };
}
