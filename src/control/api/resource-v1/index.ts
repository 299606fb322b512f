import type { KindDefinition } from '../kind-definition.js';
import { deviceClassKind, resourceClaimKind, resourceClaimTemplateKind } from './claims.js';
import type { DeviceExpressionChecker } from './device-parts.js';
import { resourceSliceKind } from './resource-slice.js';

export type { DeviceExpressionChecker } from './device-parts.js';

/** The rules of the kinds of resource.k8s.io/v1; `check` compiles the expressions that select devices. */
export function kindsWith(check?: DeviceExpressionChecker): readonly KindDefinition[] {
  return [
    deviceClassKind(check),
    resourceClaimKind(check),
    resourceClaimTemplateKind(check),
    resourceSliceKind,
  ];
}
