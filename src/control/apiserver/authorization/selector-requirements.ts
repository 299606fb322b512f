import { type FieldRequirement, parseFieldSelector } from '../../machinery/field-selector.js';
import type { LabelRequirement } from '../../machinery/label-requirement.js';
import { parseLabelRequirements } from '../../machinery/label-selector-parser.js';
import { StatusError } from '../../machinery/status.js';
import type { AuthorizationRequest } from '../contracts.js';

type Selectors = Pick<AuthorizationRequest, 'fieldSelector' | 'labelSelector'>;

/** What a request asks of fields; nothing of a selector that cannot be read, which only makes the question broader. */
export function fieldRequirements({ fieldSelector = '' }: Selectors): readonly FieldRequirement[] {
  if (typeof fieldSelector !== 'string') return fieldSelector;
  return readSelector(() => parseFieldSelector(fieldSelector).requirements) ?? [];
}

/** The same of labels. */
export function labelRequirements({ labelSelector = '' }: Selectors): readonly LabelRequirement[] {
  if (typeof labelSelector !== 'string') return labelSelector;
  return readSelector(() => parseLabelRequirements(labelSelector)) ?? [];
}

/** What `parse` makes of a selector; null when it refuses it. */
export function readSelector<T>(parse: () => T): T | null {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return null;
  }
}
