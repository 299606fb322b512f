import { ageColumn, ageOf, column, nameColumn } from '../core-v1/table.js';
import type { Scale } from '../gen/autoscaling-v1.js';
import type { TableLayout } from '../kind-definition.js';

/** How the scale of any resource is shown. */
export const scaleTable: TableLayout<Scale> = {
  columns: [
    nameColumn,
    column('Desired', 'How many pods there should be.', { type: 'integer' }),
    column('Available', 'How many pods there are.', { type: 'integer' }),
    ageColumn,
  ],
  cells: ({ metadata, spec, status }, nowMs) => [
    metadata.name ?? '',
    spec?.replicas ?? 0,
    status?.replicas ?? 0,
    ageOf(metadata.creationTimestamp, nowMs),
  ],
};
