import type { GroupVersionKind } from '../../machinery/object.js';

const tableVersions: readonly string[] = ['v1', 'v1beta1'];

/** What a list or an object may be turned into. */
export function isKnownTransform({ group, version, kind }: GroupVersionKind): boolean {
  if (group !== 'meta.k8s.io' || !tableVersions.includes(version)) return false;
  return isTable(kind) || isPartial(kind);
}

/** Rows and columns. */
export function isTable(kind: string): boolean {
  return kind === 'Table';
}

/** Metadata alone. */
export function isPartial(kind: string): boolean {
  return kind === 'PartialObjectMetadata' || kind === 'PartialObjectMetadataList';
}
