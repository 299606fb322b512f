import type { KubeObject } from '../object.js';
import { FieldSet } from './field-set.js';
import { type ElementPath, fieldElement } from './path-element.js';

/** The object without its managed fields, which are nobody's. Shares everything else with it. */
export function withoutManagedFields<T extends KubeObject>(object: T): T {
  if (object.metadata.managedFields === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

const unownedPaths: readonly ElementPath[] = [
  [fieldElement('apiVersion')],
  [fieldElement('kind')],
  [fieldElement('metadata')],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'clusterName',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => [fieldElement('metadata'), fieldElement(name)]),
];

/** Fields that nobody owns: what an object is, and what the server sees to. */
export const unownedFields = FieldSet.of(...unownedPaths);
