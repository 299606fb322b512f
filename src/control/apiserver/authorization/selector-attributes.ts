import type {
  FieldSelectorAttributes,
  LabelSelectorAttributes,
} from '../../api/gen/authorization-v1.js';
import type { LabelOperator } from '../../machinery/label-requirement.js';
import type { AuthorizationRequest } from '../contracts.js';
import { fieldRequirements, labelRequirements } from './selector-requirements.js';

/** What a review tells of the selectors of a request. */
export interface SelectorAttributes {
  readonly fieldSelector?: FieldSelectorAttributes;
  readonly labelSelector?: LabelSelectorAttributes;
}

/** Comparisons that reviews know: what others ask for is left out, which only makes the question broader. */
const labelOperators: Readonly<Partial<Record<LabelOperator, string>>> = {
  '=': 'In',
  '==': 'In',
  in: 'In',
  '!=': 'NotIn',
  notin: 'NotIn',
  exists: 'Exists',
  '!': 'DoesNotExist',
};

/** The requirements of a request's selectors; nothing of one that selects everything, or cannot be read. */
export function selectorAttributes(request: AuthorizationRequest): SelectorAttributes {
  const fields = fieldRequirements(request).map(({ field, operator, value }) => ({
    key: field,
    operator: operator === '=' ? 'In' : 'NotIn',
    values: [value],
  }));
  const labels = labelRequirements(request).flatMap(({ key, operator, values }) => {
    const known = labelOperators[operator];
    if (known === undefined) return [];
    return [{ key, operator: known, ...(values.length > 0 && { values: [...values] }) }];
  });
  return {
    ...(fields.length > 0 && { fieldSelector: { requirements: fields } }),
    ...(labels.length > 0 && { labelSelector: { requirements: labels } }),
  };
}
