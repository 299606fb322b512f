import type { DownwardAPIVolumeFile, Volume } from '../../gen/core-v1.js';
import { defaultPullPolicy } from '../pod/image-name.js';
import { volumeSourceKinds } from './pod-volumes.js';

const fileMode = 0o644;
const tokenSeconds = 3600;

/** Fills in a pod's volume; one without a source is an empty directory. */
export function setVolumeDefaults(volume: Volume): void {
  const fields: Readonly<Record<string, unknown>> = { ...volume };
  if (!volumeSourceKinds.some((kind) => fields[kind] !== undefined)) volume.emptyDir = {};
  if (volume.hostPath) volume.hostPath.type ??= '';
  for (const kind of ['secret', 'configMap', 'downwardAPI', 'projected'] as const) {
    const source = volume[kind];
    if (source !== undefined) source.defaultMode ??= fileMode;
  }
  setFieldRefs(volume.downwardAPI?.items);
  for (const source of volume.projected?.sources ?? []) {
    setFieldRefs(source.downwardAPI?.items);
    if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= tokenSeconds;
  }
  if (volume.image) volume.image.pullPolicy ||= defaultPullPolicy(volume.image.reference);
  const claim = volume.ephemeral?.volumeClaimTemplate?.spec;
  if (claim) claim.volumeMode ??= 'Filesystem';
}

function setFieldRefs(files: readonly DownwardAPIVolumeFile[] | undefined): void {
  for (const { fieldRef } of files ?? []) {
    if (fieldRef) fieldRef.apiVersion ||= 'v1';
  }
}
