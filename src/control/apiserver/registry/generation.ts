import { deepEqual } from '../../machinery/deep-equal.js';
import { fieldsOf, type KubeObject } from '../../machinery/object.js';
import type { RegistryOptions } from './registry-options.js';

/** Whether changes of the desired state are counted in `metadata.generation`. */
export function hasGeneration({ row }: RegistryOptions): boolean {
  const { rules, schema } = row;
  if (rules.countsGeneration !== undefined) return rules.countsGeneration;
  const hasStatus = row.subresources.some(({ name }) => name === 'status');
  return hasStatus && schema.fields.has('spec');
}

/** Counts the change, unless the kind's own rules did. */
export function countGeneration(
  options: RegistryOptions,
  object: KubeObject,
  old: KubeObject,
): void {
  if (!hasGeneration(options)) return;
  if (object.metadata.generation !== old.metadata.generation) return;
  if (deepEqual(fieldsOf(object).spec ?? null, fieldsOf(old).spec ?? null)) return;
  object.metadata.generation = (old.metadata.generation ?? 0) + 1;
}
