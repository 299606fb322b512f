import { deepEqual } from '../deep-equal.js';
import type { KubeObject, ManagedFieldsEntry } from '../object.js';
import { formatTime } from '../time.js';
import { unownedFields, withoutManagedFields } from './bare-object.js';
import { capUpdateManagers } from './cap-managers.js';
import { type FieldSet, noFields } from './field-set.js';
import {
  type Manager,
  type ManagerIdentity,
  type Managers,
  managerKey,
  readManagers,
  writeManagers,
} from './managers.js';
import { fieldsOfNew } from './new-object-fields.js';
import { knownManagers, ObjectChange } from './object-change.js';
import { FieldSetError } from './path-element.js';
import type { VersionedKind } from './versions.js';

/** A write that is no apply: a create, an update or a patch. */
export interface TrackedUpdate {
  readonly kind: VersionedKind;
  /** What was there, in the version of the write; null for a create. */
  readonly live: KubeObject | null;
  /** What will be there. */
  readonly object: KubeObject;
  /** '' counts as `unknown`. */
  readonly manager: string;
  /** '' for the object itself. */
  readonly subresource: string;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/**
 * The managed fields of an object after a write: the manager owns what it added and changed, others do not any more. Undefined: the
 * object has none, which is so when they were removed once, and stays so until something is applied.
 *
 * Managed fields that the object itself carries replace those that were there, unless they cannot be read or the write is one of a
 * subresource; an empty list, or one empty entry, removes them.
 */
export function trackUpdate(update: TrackedUpdate): ManagedFieldsEntry[] | undefined {
  const { kind, live, object, subresource } = update;
  const managers = managersBefore(live, object, subresource);
  if (managers.size === 0 && (live?.metadata.uid ?? '') !== '') return undefined;
  if (managers.size === 0 && live === null) {
    const fields = fieldsOfNew(withoutManagedFields(object), kind, subresource);
    return writeManagers(managerOfNew(fields, update));
  }
  const before = withoutManagedFields(live ?? kind.emptyObject());
  const after = withoutManagedFields(object);
  const tracked = noteUpdate(managers, new ObjectChange(before, after, kind), update);
  return writeManagers(capUpdateManagers(tracked));
}

/** Of a new object: whoever made it. */
function managerOfNew(
  fields: FieldSet,
  { kind, manager, subresource, nowMs }: TrackedUpdate,
): Managers {
  if (fields.isEmpty) return new Map();
  const identity = identityOf({ kind, manager, subresource });
  const time = formatTime(nowMs);
  return new Map([[managerKey(identity), { ...identity, time, fields, entry: undefined }]]);
}

function identityOf({
  kind: { apiVersion },
  manager,
  subresource,
}: Pick<TrackedUpdate, 'kind' | 'manager' | 'subresource'>): ManagerIdentity {
  const name = manager === '' ? 'unknown' : manager;
  return { name, operation: 'Update', apiVersion, subresource };
}

/** The managers after `update.manager` made a change. */
export function noteUpdate(
  managers: Managers,
  change: ObjectChange,
  { kind, manager, subresource, nowMs }: Omit<TrackedUpdate, 'live' | 'object'>,
): Map<string, Manager> {
  const { apiVersion } = kind;
  const changed = change.in(apiVersion).changed.difference(unownedFields);
  const rest = change.disown(knownManagers(managers, kind), noSelf);
  if (changed.isEmpty) return rest;
  const identity = identityOf({ kind, manager, subresource });
  const key = managerKey(identity);
  const union: FieldSet = changed.union(rest.get(key)?.fields ?? noFields);
  const before = managers.get(key)?.fields;
  // Who sets the same fields again keeps its set, which is read and written already.
  const fields = before?.equals(union) === true ? before : union;
  rest.set(key, { ...identity, time: formatTime(nowMs), fields, entry: undefined });
  return rest;
}

/** No manager's key: who updates is asked like everybody else. */
const noSelf = '';

function managersBefore(
  live: KubeObject | null,
  object: KubeObject,
  subresource: string,
): Managers {
  const given = object.metadata.managedFields;
  const known = live?.metadata.managedFields;
  // Most clients send back what they read.
  if (subresource === '' && given !== undefined && !deepEqual(given, known)) {
    if (isReset(given)) return new Map();
    const managers = readOrNone(given);
    if (managers.size > 0) return withoutEntries(managers);
  }
  return readOrNone(known);
}

/** What a client wrote is not taken over as it is written. */
function withoutEntries(managers: Managers): Managers {
  return new Map([...managers].map(([key, manager]) => [key, { ...manager, entry: undefined }]));
}

function isReset(entries: readonly ManagedFieldsEntry[]): boolean {
  const [first] = entries;
  return first === undefined || (entries.length === 1 && Object.keys(first).length === 0);
}

/** What cannot be read says nothing. */
function readOrNone(entries: readonly ManagedFieldsEntry[] | undefined): Managers {
  try {
    return readManagers(entries);
  } catch (error) {
    if (error instanceof FieldSetError) return new Map();
    throw error;
  }
}
