import type { HorizontalPodAutoscaler } from '../gen/autoscaling-v2.js';
import { kindsOf } from '../group-kind.js';
import type { KindDefinition } from '../kind-definition.js';
import {
  autoscalerTable,
  setAutoscalerDefaults,
  validateAutoscaler,
  validateAutoscalerStatus,
} from './autoscaler.js';

const kind = kindsOf('autoscaling', 'v2');

/** The rules of the kinds of autoscaling/v2. */
export const kinds: readonly KindDefinition[] = [
  kind<HorizontalPodAutoscaler>('HorizontalPodAutoscaler', {
    countsGeneration: false,
    setDefaults: setAutoscalerDefaults,
    validateCreate: (autoscaler) => validateAutoscaler(autoscaler, undefined),
    validateUpdate: validateAutoscaler,
    validateStatusUpdate: validateAutoscalerStatus,
    table: autoscalerTable,
  }),
];
