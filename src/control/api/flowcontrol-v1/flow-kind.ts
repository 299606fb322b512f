import { duplicate, fieldPath, required } from '../../machinery/field-path.js';
import type { FieldErrors } from '../core-v1/field-checks.js';
import { kindsOf } from '../group-kind.js';

/** A kind of flowcontrol.apiserver.k8s.io/v1. */
export const flowKind = kindsOf('flowcontrol.apiserver.k8s.io', 'v1');

/** One condition of each type. */
export function checkFlowConditions(
  conditions: readonly { readonly type?: string }[] | undefined,
  errors: FieldErrors,
): void {
  const seen = new Set<string>();
  conditions?.forEach(({ type = '' }, at) => {
    const path = fieldPath('status', 'conditions').index(at).child('type');
    if (seen.has(type)) errors.push(duplicate(path, type));
    seen.add(type);
    if (type === '') errors.push(required(path, 'must not be empty'));
  });
}
