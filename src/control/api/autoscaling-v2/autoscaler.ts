import type { FieldError } from '../../machinery/field-errors.js';
import { fieldPath, invalidValue } from '../../machinery/field-path.js';
import { checkNonNegative, type FieldErrors } from '../core-v1/field-checks.js';
import { ageColumn, ageOf, column, nameColumn } from '../core-v1/pod-spec.js';
import type { HorizontalPodAutoscaler } from '../gen/autoscaling-v2.js';
import type { TableLayout } from '../kind-definition.js';
import { checkBehavior, setBehaviorDefaults } from './behavior.js';
import { metricsCell } from './metric-cells.js';
import { checkMetrics } from './metrics.js';
import { checkObjectReference } from './scaling-target.js';

type Autoscaler = HorizontalPodAutoscaler;

const specPath = fieldPath('spec');
const defaultUtilization = 80;

/** Fills in an autoscaler. */
export function setAutoscalerDefaults(autoscaler: Autoscaler): void {
  autoscaler.spec ??= {};
  const { spec } = autoscaler;
  spec.minReplicas ??= 1;
  if (!spec.metrics?.length) {
    const target = { type: 'Utilization', averageUtilization: defaultUtilization };
    spec.metrics = [{ type: 'Resource', resource: { name: 'cpu', target } }];
  }
  if (spec.behavior) setBehaviorDefaults(spec.behavior);
}

/** What is wrong with an autoscaler; `old` is the one that it replaces. */
export function validateAutoscaler(
  { spec = {} }: Autoscaler,
  old: Autoscaler | undefined,
): FieldError[] {
  const errors: FieldErrors = [];
  const { minReplicas: min, maxReplicas: max = 0 } = spec;
  const lowest = old?.spec?.minReplicas === 0 ? 0 : 1;
  if (min !== undefined && min < lowest) {
    const text = `must be greater than or equal to ${lowest}`;
    errors.push(invalidValue(specPath.child('minReplicas'), min, text));
  }
  const maxPath = specPath.child('maxReplicas');
  if (max < 1) errors.push(invalidValue(maxPath, max, 'must be greater than 0'));
  if (min !== undefined && max < min) {
    errors.push(invalidValue(maxPath, max, 'must be greater than or equal to `minReplicas`'));
  }
  checkObjectReference(spec.scaleTargetRef ?? {}, specPath.child('scaleTargetRef'), errors);
  checkMetrics(spec.metrics, min, specPath.child('metrics'), errors);
  if (spec.behavior) checkBehavior(spec.behavior, specPath.child('behavior'), errors);
  return errors;
}

/** What is wrong with the status of an autoscaler, in any version. */
export function validateAutoscalerStatus({
  status,
}: {
  readonly status?: { readonly currentReplicas?: number; readonly desiredReplicas?: number };
}): FieldError[] {
  const errors: FieldErrors = [];
  for (const name of ['currentReplicas', 'desiredReplicas'] as const) {
    checkNonNegative(status?.[name], fieldPath('status', name), errors);
  }
  return errors;
}

/** Autoscalers as `kubectl get` shows them. */
export const autoscalerTable: TableLayout<Autoscaler> = {
  columns: [
    nameColumn,
    column('Reference', 'What is scaled.'),
    column('Targets', 'What the number of pods follows, and where it is now.'),
    column('MinPods', 'The lowest number of pods.', { type: 'string' }),
    column('MaxPods', 'The highest number of pods.', { type: 'string' }),
    column('Replicas', 'How many pods there are.', { type: 'string' }),
    ageColumn,
  ],
  cells: ({ metadata, spec, status }, nowMs) => [
    metadata.name ?? '',
    `${spec?.scaleTargetRef?.kind ?? ''}/${spec?.scaleTargetRef?.name ?? ''}`,
    metricsCell(spec?.metrics, status?.currentMetrics),
    spec?.minReplicas === undefined ? '<unset>' : String(spec.minReplicas),
    spec?.maxReplicas ?? 0,
    status?.currentReplicas ?? 0,
    ageOf(metadata.creationTimestamp, nowMs),
  ],
};
