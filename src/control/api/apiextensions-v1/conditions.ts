import { formatTime } from '../../machinery/time.js';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
} from '../gen/apiextensions-v1.js';

/** What a CustomResourceDefinition tells of itself. */
export type ConditionType =
  | 'NamesAccepted'
  | 'Established'
  | 'Terminating'
  | 'NonStructuralSchema'
  | 'KubernetesAPIApprovalPolicyConformant';

/** The condition; undefined when nothing is known yet. */
export function findCondition(
  { status }: CustomResourceDefinition,
  type: ConditionType,
): CustomResourceDefinitionCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** Whether the condition is there and True. */
export function isTrue(definition: CustomResourceDefinition, type: ConditionType): boolean {
  return findCondition(definition, type)?.status === 'True';
}

/** Sets the condition, in place. The time of its last change stays when the status does. */
export function setCondition(
  definition: CustomResourceDefinition,
  condition: {
    readonly type: ConditionType;
    readonly status: 'True' | 'False';
    readonly reason: string;
    readonly message: string;
  },
  nowMs: number,
): void {
  definition.status ??= {};
  const conditions = definition.status.conditions ?? [];
  definition.status.conditions = conditions;
  const known = conditions.find(({ type }) => type === condition.type);
  if (known === undefined) {
    conditions.push({ lastTransitionTime: formatTime(nowMs), ...condition });
    return;
  }
  if (known.status !== condition.status) known.lastTransitionTime = formatTime(nowMs);
  Object.assign(known, condition);
}
