import { defined } from '../../../base/assert.js';
import { deepEqual } from '../deep-equal.js';
import { isJsonObject } from '../json-object.js';
import { fieldsOf, type KubeObject } from '../object.js';
import { badRequest, failure } from '../status-errors.js';
import { formatTime } from '../time.js';
import { appliedProblem } from './applied-problems.js';
import { unownedFields, withoutManagedFields } from './bare-object.js';
import { conflictError } from './conflict-error.js';
import { fieldSetOf } from './field-set-of.js';
import { kubectlManager, lastAppliedFields, withLastApplied } from './last-applied.js';
import {
  type Manager,
  type ManagerIdentity,
  type Managers,
  managerKey,
  readManagers,
  withFields,
  writeManagers,
} from './managers.js';
import { mergeApplied } from './merge.js';
import { type Conflict, knownManagers, ObjectChange } from './object-change.js';
import { FieldSetError } from './path-element.js';
import { pruneUnapplied } from './prune.js';
import { noteUpdate } from './track-update.js';
import type { VersionedKind } from './versions.js';

/** A configuration that a manager applies. */
export interface ServerSideApply {
  readonly kind: VersionedKind;
  /** What is there, in the version of the write; null when the apply creates it. */
  readonly live: KubeObject | null;
  /** As the client sent it: nothing filled in, nothing left out. Its apiVersion is the write's. */
  readonly applied: KubeObject;
  readonly manager: string;
  /** Takes fields over from those who own them. */
  readonly force: boolean;
  /** '' for the object itself. */
  readonly subresource: string;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** Who is said to own what was there before anybody applied and nobody noted. */
const beforeFirstApply = 'before-first-apply';

/**
 * Merges an applied configuration into what is there: its fields are set and the manager's from now on; what the manager applied
 * before and leaves out now is removed, unless somebody else owns it. The result is a new object with managed fields; it may have
 * nulls, and lacks defaults. Throws StatusError: 409 when others own fields that would change, unless `force`; 400 and 500 as
 * Kubernetes does for what cannot be applied.
 */
export function applyServerSide(apply: ServerSideApply): KubeObject {
  checkApplied(apply);
  const { kind, applied, manager } = apply;
  const live = apply.live ?? kind.emptyObject();
  const managers = knownManagers(managersOf(live, apply), kind);
  const bare = withoutManagedFields(live);
  const merge = mergeConfiguration(bare, managers, apply);
  refuseConflicts(merge.conflicts, bare, apply);
  const isNoop = deepEqual(merge.object, bare);
  const owners = merge.change.disown(merge.managers, merge.self);
  setOwner(owners, merge.self, { isNoop, nowMs: apply.nowMs });
  const object = isNoop ? bare : merge.object;
  const result = manager === kubectlManager ? withLastApplied(object, applied) : object;
  const managedFields = writeManagers(owners);
  return {
    ...result,
    metadata: { ...result.metadata, ...(managedFields === undefined ? {} : { managedFields }) },
  };
}

function checkApplied({ kind, applied, live }: ServerSideApply): void {
  if (applied.metadata.managedFields !== undefined) {
    throw badRequest('metadata.managedFields must be nil');
  }
  const schema = defined(kind.schemaIn(kind.apiVersion), 'schema of the write');
  const problem = appliedProblem(fieldsOf(applied), schema);
  if (problem === undefined) return;
  const { name = '', namespace = live?.metadata.namespace ?? '' } = applied.metadata;
  const of = `${namespace}/${name}; ${kindText(applied)}`;
  throw failure(500, '', `failed to create typed patch object (${of}): ${problem}`);
}

/** `apps/v1, Kind=Deployment`; `/v1, Kind=Pod` in the core group. */
function kindText({ apiVersion = '', kind = '' }: KubeObject): string {
  return `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
}

/** The managers of what is there; of an object that has none, one that owns all of it. */
function managersOf(live: KubeObject, { kind, nowMs }: ServerSideApply): Managers {
  const managers = readOrFail(live);
  if (managers.size > 0) return managers;
  const bare = withoutManagedFields(live);
  const change = new ObjectChange(kind.emptyObject(), bare, kind);
  const write = { kind, manager: beforeFirstApply, subresource: '', nowMs };
  return noteUpdate(managers, change, write);
}

function readOrFail(live: KubeObject): Managers {
  try {
    return readManagers(live.metadata.managedFields);
  } catch (error) {
    if (!(error instanceof FieldSetError)) throw error;
    throw failure(500, '', `failed to decode managed fields: ${error.message}`);
  }
}

/** What an apply comes to, before anybody is asked whether it may. */
interface MergedConfiguration {
  readonly object: KubeObject;
  readonly change: ObjectChange;
  /** With the applier's new fields, and everybody else's as they were. */
  readonly managers: Managers;
  /** The applier's key. */
  readonly self: string;
  readonly conflicts: readonly Conflict[];
}

function mergeConfiguration(
  live: KubeObject,
  before: Managers,
  { kind, applied, manager, subresource }: ServerSideApply,
): MergedConfiguration {
  const { apiVersion } = kind;
  const schema = defined(kind.schemaIn(apiVersion), 'schema of the write');
  const name = manager === '' ? 'unknown' : manager;
  const identity: ManagerIdentity = { name, operation: 'Apply', apiVersion, subresource };
  const self = managerKey(identity);
  const last = before.get(self);
  const all = fieldSetOf(fieldsOf(applied), schema);
  const fields = all.recursiveDifference(kind.ignoredFields(apiVersion));
  const managers = new Map(before);
  managers.set(self, { ...identity, time: last?.time, fields, entry: undefined });
  const merged = mergeApplied(fieldsOf(live), fieldsOf(applied), schema);
  const whole = withMetadata(merged);
  const object = pruneUnapplied(whole, { kind, managers, last });
  const change = new ObjectChange(live, object, kind);
  return { object, change, managers, self, conflicts: change.conflicts(managers, self) };
}

function withMetadata(fields: ReturnType<typeof mergeApplied>): KubeObject {
  const metadata = isJsonObject(fields.metadata) ? fields.metadata : {};
  return { ...fields, metadata } as unknown as KubeObject;
}

/** kubectl takes over without `force` what it owns by its own client-side apply. */
function refuseConflicts(
  conflicts: readonly Conflict[],
  live: KubeObject,
  { kind, manager, force }: ServerSideApply,
): void {
  if (force || conflicts.length === 0) return;
  const schema = defined(kind.schemaIn(kind.apiVersion), 'schema of the write');
  const own = manager === kubectlManager ? lastAppliedFields(live, schema) : undefined;
  const left = conflicts.map((conflict) =>
    own === undefined ? conflict : { ...conflict, fields: conflict.fields.difference(own) },
  );
  const refused = left.filter(({ fields }) => !fields.isEmpty);
  if (refused.length > 0) throw conflictError(refused);
}

/** The applier with what can be owned, and the time if the object changed; gone when it owns nothing. */
function setOwner(
  owners: Map<string, Manager>,
  self: string,
  { isNoop, nowMs }: { readonly isNoop: boolean; readonly nowMs: number },
): void {
  const owner = owners.get(self);
  if (owner === undefined) return;
  const fields = owner.fields.difference(unownedFields);
  if (fields.isEmpty) {
    owners.delete(self);
    return;
  }
  const time = isNoop ? owner.time : formatTime(nowMs);
  owners.set(self, { ...withFields(owner, fields), time, entry: undefined });
}
