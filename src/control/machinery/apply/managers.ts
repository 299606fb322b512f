import type { ManagedFieldsEntry } from '../object.js';
import { messageJson } from '../quote.js';
import type { FieldSet } from './field-set.js';
import { FieldSetError } from './path-element.js';
import { fieldSetOfV1, fieldsV1OfSet } from './shared-fields.js';
import { compareText } from './value-order.js';

/** How a manager came to its fields: by applying a configuration, or by any other write. */
export type ManagerOperation = 'Apply' | 'Update';

/** Who owns fields, in one version and one way. */
export interface ManagerIdentity {
  readonly name: string;
  readonly operation: ManagerOperation;
  readonly apiVersion: string;
  /** '' for the object itself. */
  readonly subresource: string;
}

/** A manager and the fields that it owns. Immutable. */
export interface Manager extends ManagerIdentity {
  /** When the fields last changed, RFC 3339; undefined when that was not noted. */
  readonly time: string | undefined;
  readonly fields: FieldSet;
  /** The entry that this was read from, which says the same. */
  readonly entry: ManagedFieldsEntry | undefined;
}

/** All managers of an object, by {@link managerKey}. */
export type Managers = ReadonlyMap<string, Manager>;

/**
 * What tells managers apart, in the form that Kubernetes orders them by. Who applies is the same manager whatever version it applies:
 * its last configuration replaces the one before.
 */
export function managerKey(manager: ManagerIdentity): string {
  const { name, operation, apiVersion, subresource } = manager;
  const identity = `${operation}\0${apiVersion}\0${subresource}\0${name}`;
  let key = keys.get(identity);
  if (key === undefined) {
    key = newKey(manager);
    // Names of managers are without end.
    if (keys.size >= keysMax) keys.clear();
    keys.set(identity, key);
  }
  return key;
}

const keys = new Map<string, string>();
const keysMax = 1024;

function newKey({ name, operation, apiVersion, subresource }: ManagerIdentity): string {
  return messageJson({
    ...(name === '' ? {} : { manager: name }),
    operation,
    ...(operation === 'Apply' || apiVersion === '' ? {} : { apiVersion }),
    ...(subresource === '' ? {} : { subresource }),
  });
}

/** Reads an object's managed fields. Throws FieldSetError. */
export function readManagers(
  entries: readonly ManagedFieldsEntry[] | undefined,
): Map<string, Manager> {
  const managers = new Map<string, Manager>();
  for (const [at, entry] of (entries ?? []).entries()) {
    const manager = readManager(entry, at);
    managers.set(managerKey(manager), manager);
  }
  return managers;
}

function readManager(entry: ManagedFieldsEntry, at: number): Manager {
  const { operation, apiVersion = '', fieldsType = '' } = entry;
  if (operation !== 'Apply' && operation !== 'Update')
    throw new FieldSetError('operation must be `Apply` or `Update`');
  if (apiVersion === '') throw new FieldSetError('apiVersion must not be empty');
  if (fieldsType === '')
    throw new FieldSetError(`missing fieldsType in managed fields entry ${at}`);
  if (fieldsType !== 'FieldsV1')
    throw new FieldSetError(`invalid fieldsType "${fieldsType}" in managed fields entry ${at}`);
  const { manager: name = '', subresource = '', time } = entry;
  const fields = fieldSetOfV1(entry.fieldsV1 ?? {});
  return { name, operation, apiVersion, subresource, time, fields, entry };
}

/** The managed fields that these managers are written as, in Kubernetes' order; undefined for none. */
export function writeManagers(managers: Managers): ManagedFieldsEntry[] | undefined {
  if (managers.size === 0) return undefined;
  return [...managers.values()].sort(compareManagers).map(writeManager);
}

function writeManager(manager: Manager): ManagedFieldsEntry {
  if (manager.entry !== undefined) return manager.entry;
  const { name, operation, apiVersion, time, fields, subresource } = manager;
  return {
    ...(name === '' ? {} : { manager: name }),
    operation,
    apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: fieldsV1OfSet(fields),
    ...(subresource === '' ? {} : { subresource }),
  };
}

/** Who applies first, then by time, name, version and subresource. */
function compareManagers(a: Manager, b: Manager): number {
  return (
    compareText(a.operation, b.operation) ||
    secondsOf(a) - secondsOf(b) ||
    compareText(a.name, b.name) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  );
}

/** When the manager's fields last changed, in seconds since the epoch; 0 when that is not known. */
export function secondsOf({ time }: Manager): number {
  const ms = time === undefined ? 0 : Date.parse(time);
  return Number.isNaN(ms) ? 0 : Math.floor(ms / 1000);
}

/** The manager with other fields. */
export function withFields(manager: Manager, fields: FieldSet): Manager {
  return fields === manager.fields ? manager : { ...manager, fields, entry: undefined };
}
