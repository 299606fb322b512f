import { defined } from '../../../base/assert.js';
import { schemaOf } from '../../api/schema.js';
import type { Scheme, ServedResource } from '../../api/scheme.js';
import {
  applyServerSide,
  fieldElement,
  managedFieldsFromScale,
  managedFieldsToScale,
  noFields,
  type ReplicasPaths,
  trackUpdate,
  type VersionedKind,
} from '../../machinery/apply/index.js';
import { apiVersionOf, type KubeObject, type ManagedFieldsEntry } from '../../machinery/object.js';
import { ManagedVersions } from './managed-versions.js';
import type { AppliedScale, ScaledChange } from './registry-options.js';

const scaleOf = { group: 'autoscaling', version: 'v1', kind: 'Scale' } as const;
const scaleVersion = apiVersionOf(scaleOf);
const scaleSubresource = 'scale';
const replicasPath = [fieldElement('spec'), fieldElement('replicas')];

const scaleKind: VersionedKind = {
  apiVersion: scaleVersion,
  schemaIn: (apiVersion) =>
    apiVersion === scaleVersion ? defined(schemaOf(scaleOf), 'schema of Scale') : undefined,
  convert: (object) => object,
  ignoredFields: () => noFields,
  emptyObject: () => ({ apiVersion: scaleVersion, kind: scaleOf.kind, metadata: {} }),
};

/** The managed fields of an object whose scale was replaced or patched. */
export function entriesOfScaled(
  scheme: Scheme,
  { resource, live, scaleBefore, scale, manager, nowMs }: ScaledChange,
): ManagedFieldsEntry[] | undefined {
  const entries = live.metadata.managedFields;
  const paths = replicasPaths(scheme, resource, entries);
  const tracked = trackUpdate({
    kind: scaleKind,
    live: withEntries(scaleBefore, managedFieldsToScale(entries, paths)),
    object: withEntries(scale, undefined),
    ...{ manager, nowMs, subresource: scaleSubresource },
  });
  const apiVersion = apiVersionOf(resource);
  return managedFieldsFromScale(entries, tracked, { paths, apiVersion });
}

/** What an applied scale makes of the scale of an object, and the managed fields of that object. */
export function applyToScale(
  scheme: Scheme,
  { resource, live, scaleBefore, applied, manager, force, nowMs }: AppliedScale,
): { readonly scale: KubeObject; readonly managedFields: ManagedFieldsEntry[] | undefined } {
  const entries = live.metadata.managedFields;
  const paths = replicasPaths(scheme, resource, entries);
  const scale = applyServerSide({
    kind: scaleKind,
    live: withEntries(scaleBefore, managedFieldsToScale(entries, paths)),
    ...{ applied, manager, force, nowMs, subresource: scaleSubresource },
  });
  const apiVersion = apiVersionOf(resource);
  const { managedFields } = scale.metadata;
  return {
    scale,
    managedFields: managedFieldsFromScale(entries, managedFields, { paths, apiVersion }),
  };
}

/** Where each version that is known and owns something keeps the replicas. */
function replicasPaths(
  scheme: Scheme,
  resource: ServedResource,
  entries: readonly ManagedFieldsEntry[] = [],
): ReplicasPaths {
  const versions = new ManagedVersions(scheme, resource, scaleSubresource);
  const named = entries.map(({ apiVersion = '' }) => apiVersion);
  const known = [apiVersionOf(resource), ...named].filter((apiVersion) =>
    versions.schemaIn(apiVersion),
  );
  return new Map(known.map((apiVersion) => [apiVersion, replicasPath]));
}

function withEntries(
  scale: KubeObject,
  managedFields: ManagedFieldsEntry[] | undefined,
): KubeObject {
  const { managedFields: _, ...metadata } = scale.metadata;
  return {
    ...scale,
    metadata: { ...metadata, ...(managedFields === undefined ? {} : { managedFields }) },
  };
}
