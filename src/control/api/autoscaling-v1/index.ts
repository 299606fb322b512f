import type { FieldError } from '../../machinery/field-errors.js';
import { fieldPath, invalidValue } from '../../machinery/field-path.js';
import { fieldsOf } from '../../machinery/object.js';
import {
  autoscalerTable,
  validateAutoscaler,
  validateAutoscalerStatus,
} from '../autoscaling-v2/autoscaler.js';
import { autoscalerToV2 } from '../conversions/horizontal-pod-autoscaler.js';
import type { HorizontalPodAutoscaler, Scale } from '../gen/autoscaling-v1.js';
import type { HorizontalPodAutoscaler as HorizontalPodAutoscalerV2 } from '../gen/autoscaling-v2.js';
import { kindsOf } from '../group-kind.js';
import type { KindDefinition } from '../kind-definition.js';
import { scaleTable } from './scale-table.js';

const kind = kindsOf('autoscaling', 'v1');

/** The same autoscaler in the version that is stored, and that the rules are written for. */
function asV2(autoscaler: HorizontalPodAutoscaler): HorizontalPodAutoscalerV2 {
  return autoscalerToV2(fieldsOf(autoscaler)) as unknown as HorizontalPodAutoscalerV2;
}

function validateScale({ spec }: Scale): FieldError[] {
  const replicas = spec?.replicas ?? 0;
  if (replicas >= 0) return [];
  const text = 'must be greater than or equal to 0';
  return [invalidValue(fieldPath('spec', 'replicas'), replicas, text)];
}

/** The rules of the kinds of autoscaling/v1. */
export const kinds: readonly KindDefinition[] = [
  kind<HorizontalPodAutoscaler>('HorizontalPodAutoscaler', {
    countsGeneration: false,
    setDefaults: (autoscaler) => {
      autoscaler.spec ??= {};
      autoscaler.spec.minReplicas ??= 1;
    },
    validateCreate: (autoscaler) => validateAutoscaler(asV2(autoscaler), undefined),
    validateUpdate: (autoscaler, old) => validateAutoscaler(asV2(autoscaler), asV2(old)),
    validateStatusUpdate: validateAutoscalerStatus,
    table: {
      columns: autoscalerTable.columns,
      cells: (autoscaler, nowMs) => autoscalerTable.cells(asV2(autoscaler), nowMs),
    },
  }),
  kind<Scale>('Scale', {
    validateCreate: validateScale,
    validateUpdate: validateScale,
    table: scaleTable,
  }),
];
