import type { PersistentVolumeClaimSpec } from '../../gen/core-v1.js';

/**
 * Takes out of a claim what it may be filled from but cannot: another namespace, and, in the old field, anything but a claim or a
 * snapshot.
 */
export function dropDataSources(
  spec: PersistentVolumeClaimSpec,
  old: PersistentVolumeClaimSpec | undefined,
): void {
  if (spec.dataSourceRef?.namespace && old?.dataSourceRef === undefined) delete spec.dataSourceRef;
  if (old?.dataSource !== undefined || old?.dataSourceRef !== undefined) return;
  if (spec.dataSourceRef !== undefined) return;
  const { kind, apiGroup = '' } = spec.dataSource ?? {};
  const isClaim = kind === 'PersistentVolumeClaim' && apiGroup === '';
  const isSnapshot = kind === 'VolumeSnapshot' && apiGroup === 'snapshot.storage.k8s.io';
  if (!isClaim && !isSnapshot) delete spec.dataSource;
}

/** What a claim is filled from is said by two fields; the one that is not set follows the other. */
export function unifyDataSources(spec: PersistentVolumeClaimSpec): void {
  const { dataSource, dataSourceRef } = spec;
  if (dataSource !== undefined && dataSourceRef === undefined) {
    spec.dataSourceRef = { ...dataSource };
  } else if (dataSourceRef !== undefined && dataSource === undefined && !dataSourceRef.namespace) {
    const { namespace: _, ...source } = dataSourceRef;
    spec.dataSource = source;
  }
}
