import { isSame, type JsonValue } from './merge.js';

/** A place where two JSON values differ. Undefined: it is not there. */
export interface JsonChange {
  /** As `spec.containers[0].image`; '' is the whole. */
  readonly path: string;
  readonly before: JsonValue | undefined;
  readonly after: JsonValue | undefined;
}

/** Where two JSON values differ, in the order of the later one's fields; elements of lists are told apart by their place. */
export function jsonChanges(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
): JsonChange[] {
  const changes: JsonChange[] = [];
  collect(before, after, '', changes);
  return changes;
}

function collect(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  path: string,
  changes: JsonChange[],
): void {
  if (isSame(before, after)) return;
  const [from, to] = [partsOf(before), partsOf(after)];
  if (from === null || to === null || Array.isArray(before) !== Array.isArray(after)) {
    changes.push({ path, before, after });
    return;
  }
  const isList = Array.isArray(after);
  for (const key of new Set([...to.keys(), ...from.keys()])) {
    collect(from.get(key), to.get(key), childPath(path, key, isList), changes);
  }
}

function partsOf(value: JsonValue | undefined): ReadonlyMap<string, JsonValue> | null {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : null;
}

function childPath(path: string, key: string, isList: boolean): string {
  if (isList) return `${path}[${key}]`;
  return path === '' ? key : `${path}.${key}`;
}
