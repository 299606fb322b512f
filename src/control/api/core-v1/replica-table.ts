import type { KubeObject } from '../../machinery/object.js';
import type { PodTemplateSpec } from '../gen/core-v1.js';
import type { TableLayout } from '../kind-definition.js';
import {
  ageColumn,
  ageOf,
  column,
  containerCells,
  containerColumns,
  nameColumn,
  wideColumn,
} from './table.js';

/** What keeps a number of pods. */
interface Replicated extends KubeObject {
  readonly spec?: { readonly replicas?: number; readonly template?: PodTemplateSpec };
  readonly status?: { readonly replicas?: number; readonly readyReplicas?: number };
}

/** The table of ReplicaSets and ReplicationControllers, which differ in how they select their pods. */
export function replicaTable<T extends Replicated>(
  selectorOf: (object: T) => string,
): TableLayout<T> {
  return {
    columns: [
      nameColumn,
      column('Desired', 'How many pods there should be.', { type: 'integer' }),
      column('Current', 'How many pods there are.', { type: 'integer' }),
      column('Ready', 'How many of them are ready.', { type: 'integer' }),
      ageColumn,
      ...containerColumns,
      wideColumn('Selector', 'The labels of the pods.'),
    ],
    cells: (object, nowMs) => [
      object.metadata.name ?? '',
      object.spec?.replicas ?? 0,
      object.status?.replicas ?? 0,
      object.status?.readyReplicas ?? 0,
      ageOf(object.metadata.creationTimestamp, nowMs),
      ...containerCells(object.spec?.template?.spec?.containers),
      selectorOf(object),
    ],
  };
}
