import type { ManagedFieldsEntry } from '../object.js';
import { FieldSet } from './field-set.js';
import { type Manager, managerKey, readManagers, withFields, writeManagers } from './managers.js';
import { type ElementPath, fieldElement } from './path-element.js';

/** Where objects of a kind keep how many replicas they shall have, by apiVersion; null where a version has none. */
export type ReplicasPaths = ReadonlyMap<string, ElementPath | null>;

const scaleVersion = 'autoscaling/v1';
const replicasOfScale: ElementPath = [fieldElement('spec'), fieldElement('replicas')];

/** The managed fields of an object's scale: those who own the replicas of the object own the replicas of its scale. */
export function managedFieldsToScale(
  entries: readonly ManagedFieldsEntry[] | undefined,
  paths: ReplicasPaths,
): ManagedFieldsEntry[] | undefined {
  const owners = new Map<string, Manager>();
  for (const manager of readManagers(entries).values()) {
    const path = paths.get(manager.apiVersion) ?? null;
    if (path === null || !manager.fields.has(path)) continue;
    const owner: Manager = {
      ...withFields(manager, FieldSet.of(replicasOfScale)),
      apiVersion: scaleVersion,
      entry: undefined,
    };
    owners.set(managerKey(manager), owner);
  }
  return writeManagers(owners);
}

/**
 * The managed fields of an object after its scale was written: who owns the replicas of the scale now owns those of the object, in
 * `apiVersion`; who does not any more has lost them. Kubernetes notes no time for whom the write made an owner, and neither is one
 * noted here.
 */
export function managedFieldsFromScale(
  entries: readonly ManagedFieldsEntry[] | undefined,
  scaleEntries: readonly ManagedFieldsEntry[] | undefined,
  { paths, apiVersion }: { readonly paths: ReplicasPaths; readonly apiVersion: string },
): ManagedFieldsEntry[] | undefined {
  const scaleOwners = new Map(readManagers(scaleEntries));
  const result = new Map<string, Manager>();
  for (const [key, manager] of readManagers(entries)) {
    const path = paths.get(manager.apiVersion);
    if (path === undefined) continue;
    const kept = path === null ? manager : afterScale(manager, path, scaleOwners);
    if (!kept.fields.isEmpty) result.set(key, kept);
  }
  const path = paths.get(apiVersion) ?? replicasOfScale;
  for (const owner of scaleOwners.values()) {
    if (!owner.fields.has(replicasOfScale)) continue;
    const fields = FieldSet.of(path);
    const manager: Manager = { ...owner, apiVersion, fields, time: undefined, entry: undefined };
    result.set(managerKey(manager), manager);
  }
  return writeManagers(result);
}

/** The manager without the replicas, unless the scale still has it as their owner; then it is taken from `scaleOwners`. */
function afterScale(
  manager: Manager,
  path: ElementPath,
  scaleOwners: Map<string, Manager>,
): Manager {
  if (!manager.fields.has(path)) return manager;
  const known = managerKey({ ...manager, apiVersion: scaleVersion });
  if (scaleOwners.delete(known)) return manager;
  return withFields(manager, manager.fields.difference(FieldSet.of(path)));
}
