import { deepEqual } from '../deep-equal.js';
import type { KubeObject, ManagedFieldsEntry } from '../object.js';
import { withoutManagedFields } from './bare-object.js';

/**
 * Puts back the managed fields of `live` when an update changed nothing but their times, so that it is no change at all. Changes
 * `object`.
 */
export function keepTimesOfUnchanged(object: KubeObject, live: KubeObject): void {
  const [entries, old] = [object.metadata.managedFields, live.metadata.managedFields];
  if (entries === undefined || old === undefined || entries.length !== old.length) return;
  const isSame = entries.every((entry, at) => isSameButTime(entry, old[at] ?? {}));
  if (!isSame || !deepEqual(withoutVersion(object), withoutVersion(live))) return;
  object.metadata.managedFields = old;
}

function isSameButTime(entry: ManagedFieldsEntry, old: ManagedFieldsEntry): boolean {
  if (entry === old) return true;
  const { time: _time, ...rest } = entry;
  const { time: _oldTime, ...oldRest } = old;
  return deepEqual(rest, oldRest);
}

/** The version that a client names is a condition, not a change. */
function withoutVersion(object: KubeObject): KubeObject {
  const bare = withoutManagedFields(object);
  const { resourceVersion: _, ...metadata } = bare.metadata;
  return { ...bare, metadata };
}
