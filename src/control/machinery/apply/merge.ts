import type { JsonObject, JsonValue } from '../json.js';
import { getField, isJsonObject, setField } from '../json-object.js';
import type { SchemaNode } from '../schema-node.js';
import { itemElement, itemsByElement } from './list-items.js';
import type { PathElement } from './path-element.js';
import {
  fieldSchema,
  isEmptyValue,
  itemSchema,
  itemsOf,
  membersOf,
  structureOf,
} from './structure.js';

/** Undefined is what is not there. */
type Side = JsonValue | undefined;

/**
 * What an object becomes when a configuration is applied to it: values of the configuration, and what it says nothing about. The
 * result shares what did not change with both. The configuration has no items twice; the object may.
 */
export function mergeApplied(
  live: JsonObject,
  applied: JsonObject,
  schema: SchemaNode,
): JsonObject {
  return mergeFields(live, applied, schema) ?? {};
}

function merge(live: Side, applied: Side, schema: SchemaNode): Side {
  if (applied === undefined) return live;
  if (live === undefined || (isEmptyValue(live) && isEmptyValue(applied))) return applied;
  switch (structureOf(schema, applied ?? live)) {
    case 'leaf':
      return applied;
    case 'fields':
      return mergeFields(live, applied, schema);
    case 'items':
      return mergeItems(live, applied, schema);
  }
}

/** Undefined when nothing comes of it. */
function mergeFields(live: Side, applied: Side, schema: SchemaNode): JsonObject | undefined {
  const merged: JsonObject = {};
  let isEmptyResult = true;
  const set = (name: string, value: Side) => {
    if (value === undefined) return;
    setField(merged, name, value);
    isEmptyResult = false;
  };
  for (const [name, value] of membersOf(live)) {
    const other = isJsonObject(applied) ? getField(applied, name) : undefined;
    const field = fieldSchema(schema, name);
    set(name, field === undefined ? (other ?? value) : merge(value, other, field.schema));
  }
  for (const [name, value] of membersOf(applied)) {
    if (isJsonObject(live) && Object.hasOwn(live, name)) continue;
    const field = fieldSchema(schema, name);
    set(name, field === undefined ? value : merge(undefined, value, field.schema));
  }
  return isEmptyResult ? undefined : merged;
}

/** Undefined when nothing comes of it. */
function mergeItems(live: Side, applied: Side, schema: SchemaNode): JsonValue[] | undefined {
  const merged = new ItemMerge(itemsOf(live), itemsOf(applied), schema).run();
  return merged.length === 0 ? undefined : merged;
}

interface Item {
  readonly element: PathElement | undefined;
  readonly value: JsonValue;
}

/**
 * Merges two lists by their items. Items of both come in the order of the configuration; those that only one has stay before the
 * item of both that they are before, the object's first.
 */
class ItemMerge {
  readonly #schema: SchemaNode;
  readonly #live: readonly Item[];
  readonly #applied: readonly Item[];
  readonly #liveByElement: Map<PathElement, JsonValue[]>;
  readonly #appliedElements: Set<PathElement | undefined>;
  /** Items of both, in the order of the configuration. */
  readonly #shared: readonly (PathElement | undefined)[];
  /** How many of `shared` are merged. */
  #sharedCount = 0;
  readonly #done = new Set<PathElement | undefined>();
  readonly #merged: JsonValue[] = [];

  constructor(live: readonly JsonValue[], applied: readonly JsonValue[], schema: SchemaNode) {
    const itemsOfList = (values: readonly JsonValue[]) =>
      values.map((value) => ({ element: itemElement(schema, value), value }));
    this.#schema = schema;
    this.#live = itemsOfList(live);
    this.#applied = itemsOfList(applied);
    this.#liveByElement = itemsByElement(schema, live);
    this.#appliedElements = new Set(this.#applied.map(({ element }) => element));
    this.#shared = this.#applied
      .map(({ element }) => element)
      .filter((element) => element !== undefined && this.#liveByElement.has(element));
  }

  run(): JsonValue[] {
    let [liveAt, appliedAt] = [0, 0];
    for (;;) {
      const live = this.#live[liveAt];
      const applied = this.#applied[appliedAt];
      if (live === undefined && applied === undefined) return this.#merged;
      const isShared = live !== undefined && this.#appliedElements.has(live.element);
      if (live !== undefined && applied !== undefined && live.element !== applied.element) {
        const next = this.#shared[this.#sharedCount];
        if (isShared && next !== undefined && next !== live.element) {
          // Its place is elsewhere.
          liveAt++;
          continue;
        }
      }
      if (live !== undefined && !isShared) {
        this.#merged.push(live.value);
        liveAt++;
        continue;
      }
      if (live !== undefined && (this.#done.has(live.element) || live.element === applied?.element))
        liveAt++;
      if (applied === undefined) continue;
      this.#take(applied);
      appliedAt++;
    }
  }

  /** The next item of the configuration, merged with the object's. Of items that the object has twice nothing is kept. */
  #take({ element, value }: Item): void {
    const twins = element === undefined ? [] : (this.#liveByElement.get(element) ?? []);
    const live = twins.length === 1 ? twins[0] : undefined;
    const merged = merge(live, value, itemSchema(this.#schema));
    if (merged !== undefined) this.#merged.push(merged);
    this.#done.add(element);
    if (element !== undefined && element === this.#shared[this.#sharedCount]) this.#sharedCount++;
  }
}
