import { resources } from '../../../src/control/client/index.js';
import { type ClusterState, told } from './cluster-state.js';

/** In what claims and volumes are not bound to each other, and which volumes or claims nobody has any more. */
export function* storageDifferences(state: ClusterState): Generator<string> {
  const classes = new Map(
    state.of(resources.storageClasses).map((each) => [each.metadata.name ?? '', each]),
  );
  const used = new Set(
    state
      .of(resources.pods)
      .flatMap(({ metadata, spec }) =>
        (spec?.volumes ?? []).map(
          ({ persistentVolumeClaim: claim }) => `${metadata.namespace}/${claim?.claimName}`,
        ),
      ),
  );
  const volumes = new Map(
    state.of(resources.persistentVolumes).map((each) => [each.metadata.name ?? '', each]),
  );
  for (const claim of state.of(resources.persistentVolumeClaims)) {
    const { namespace, name, uid } = claim.metadata;
    const { storageClassName = '', volumeName = '' } = claim.spec ?? {};
    const isLazy = classes.get(storageClassName)?.volumeBindingMode === 'WaitForFirstConsumer';
    const phase = claim.status?.phase;
    if (isLazy && phase === 'Pending' && !used.has(`${namespace}/${name}`)) continue;
    if (phase !== 'Bound') yield `${told(claim)} is ${phase}`;
    const of = volumes.get(volumeName)?.spec?.claimRef?.uid;
    if (of !== uid) yield `${told(claim)} has the volume ${volumeName}, which has ${of}`;
  }
  for (const volume of volumes.values()) {
    const { spec, status } = volume;
    if (status?.phase !== 'Bound') yield `${told(volume)} is ${status?.phase}`;
    if (!state.byUid.has(spec?.claimRef?.uid ?? '')) yield `${told(volume)} is of no claim`;
  }
  yield* claimsOfSets(state);
}

/** Claims of pods that a StatefulSet has no more go when it says so. */
function* claimsOfSets(state: ClusterState): Generator<string> {
  for (const set of state.of(resources.statefulSets)) {
    const { spec, metadata } = set;
    if (spec?.persistentVolumeClaimRetentionPolicy?.whenScaled !== 'Delete') continue;
    for (const { metadata: template } of spec.volumeClaimTemplates ?? []) {
      const prefix = `${template?.name}-${metadata.name}-`;
      for (const claim of state.of(resources.persistentVolumeClaims)) {
        const { name = '', namespace, ownerReferences = [] } = claim.metadata;
        const isOwn = namespace === metadata.namespace && name.startsWith(prefix);
        const ordinal = Number(name.slice(prefix.length));
        if (!isOwn || ordinal < (spec.replicas ?? 1) || ownerReferences.length === 0) continue;
        yield `${told(claim)} is left of a pod that ${told(set)} has no more`;
      }
    }
  }
}
