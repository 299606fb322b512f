import type {
  FieldSelectorAttributes,
  LabelSelectorAttributes,
  ResourceAttributes,
} from '../../api/gen/authorization-v1.js';
import type { FieldSelectorRequirement, LabelSelectorRequirement } from '../../api/gen/meta-v1.js';
import type { FieldError } from '../../machinery/field-errors.js';
import {
  type FieldPath,
  forbiddenField,
  invalidValue,
  required,
} from '../../machinery/field-path.js';
import { type FieldRequirement, parseFieldSelector } from '../../machinery/field-selector.js';
import {
  isRequirement,
  type LabelOperator,
  type LabelRequirement,
  labelRequirement,
} from '../../machinery/label-requirement.js';
import { parseLabelRequirements } from '../../machinery/label-selector-parser.js';
import { labelValueProblems, qualifiedNameProblems } from '../../machinery/names.js';
import type { AuthorizationRequest } from '../contracts.js';
import { readSelector } from './selector-requirements.js';

/** What is wrong with the selectors of a review. Operators that nobody knows may be used: later clients may know more of them. */
export function selectorProblems(
  { fieldSelector, labelSelector }: ResourceAttributes,
  path: FieldPath,
): FieldError[] {
  const fieldsAt = path.child('fieldSelector');
  const labelsAt = path.child('labelSelector');
  return [
    ...formProblems(fieldSelector, fieldsAt),
    ...(fieldSelector?.requirements ?? []).flatMap((requirement, at) =>
      fieldProblems(requirement, fieldsAt.child('requirements').index(at)),
    ),
    ...formProblems(labelSelector, labelsAt),
    ...(labelSelector?.requirements ?? []).flatMap((requirement, at) =>
      labelProblems(requirement, labelsAt.child('requirements').index(at)),
    ),
  ];
}

/** A selector is given as a text or in parts, one of both. */
function formProblems(
  selector: FieldSelectorAttributes | LabelSelectorAttributes | undefined,
  path: FieldPath,
): FieldError[] {
  if (selector === undefined) return [];
  const { rawSelector = '', requirements = [] } = selector;
  if (rawSelector !== '' && requirements.length > 0) {
    const text = 'may not specified at the same time as requirements';
    return [invalidValue(path.child('rawSelector'), rawSelector, text)];
  }
  if (rawSelector !== '' || requirements.length > 0) return [];
  const text = `when ${path} is specified, requirements or rawSelector is required`;
  return [required(path.child('requirements'), text)];
}

function fieldProblems(requirement: FieldSelectorRequirement, path: FieldPath): FieldError[] {
  const hasKey = (requirement.key ?? '') !== '';
  return [
    ...(hasKey ? [] : [required(path.child('key'), 'must be specified')]),
    ...valueCountProblems(requirement, path.child('values')),
  ];
}

function labelProblems(requirement: LabelSelectorRequirement, path: FieldPath): FieldError[] {
  const { key = '', values = [] } = requirement;
  return [
    ...valueCountProblems(requirement, path.child('values')),
    ...qualifiedNameProblems(key).map((problem) => invalidValue(path.child('key'), key, problem)),
    ...values.flatMap((value, at) =>
      labelValueProblems(value).map((problem) =>
        invalidValue(path.child('values').index(at), value, problem),
      ),
    ),
  ];
}

function valueCountProblems(
  { operator, values = [] }: FieldSelectorRequirement | LabelSelectorRequirement,
  path: FieldPath,
): FieldError[] {
  const isCompared = operator === 'In' || operator === 'NotIn';
  const isOfPresence = operator === 'Exists' || operator === 'DoesNotExist';
  if (isCompared && values.length === 0)
    return [required(path, "must be specified when `operator` is 'In' or 'NotIn'")];
  if (isOfPresence && values.length > 0)
    return [
      forbiddenField(path, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
    ];
  return [];
}

/** The selectors that a review asks about. */
export interface AskedSelectors {
  readonly selectors: Pick<AuthorizationRequest, 'fieldSelector' | 'labelSelector'>;
  /** What is told of those that could not be read, or not all of them: what is left out makes the question broader. */
  readonly problems: readonly string[];
}

/** Reads the selectors of a review that has no {@link selectorProblems}. */
export function askedSelectors({
  fieldSelector,
  labelSelector,
}: ResourceAttributes): AskedSelectors {
  const fields = askedFields(fieldSelector);
  const labels = askedLabels(labelSelector);
  return {
    selectors: {
      ...(fields.known.length > 0 && { fieldSelector: fields.known }),
      ...(labels.known.length > 0 && { labelSelector: labels.known }),
    },
    problems: [...problemOf('fieldSelector', fields), ...problemOf('labelSelector', labels)],
  };
}

/** The requirements that could be read, and whether others could not. */
interface Asked<T> {
  readonly known: readonly T[];
  readonly isPart: boolean;
}

function problemOf(name: string, { known, isPart }: Asked<unknown>): readonly string[] {
  if (!isPart) return [];
  const how = known.length > 0 ? 'partially ignored' : 'ignored';
  return [`spec.resourceAttributes.${name} ${how} due to parse error`];
}

function askedFields(selector: FieldSelectorAttributes = {}): Asked<FieldRequirement> {
  const { rawSelector = '', requirements = [] } = selector;
  if (requirements.length > 0) return asked(requirements.map(fieldRequirementOf));
  const read = readSelector(() => parseFieldSelector(rawSelector).requirements);
  return { known: read ?? [], isPart: read === null };
}

function askedLabels(selector: LabelSelectorAttributes = {}): Asked<LabelRequirement> {
  const { rawSelector = '', requirements = [] } = selector;
  if (requirements.length > 0) return asked(requirements.map(labelRequirementOf));
  const read = readSelector(() => parseLabelRequirements(rawSelector));
  return { known: read ?? [], isPart: read === null };
}

function asked<T>(requirements: readonly (T | null)[]): Asked<T> {
  const known = requirements.filter((requirement) => requirement !== null);
  return { known, isPart: known.length < requirements.length };
}

/** Fields are compared with one value only. */
function fieldRequirementOf(requirement: FieldSelectorRequirement): FieldRequirement | null {
  const { key: field = '', operator, values = [] } = requirement;
  const [value] = values;
  if (value === undefined || values.length > 1) return null;
  if (operator === 'In') return { field, operator: '=', value };
  if (operator === 'NotIn') return { field, operator: '!=', value };
  return null;
}

const labelOperators: ReadonlyMap<string, LabelOperator> = new Map([
  ['In', 'in'],
  ['NotIn', 'notin'],
  ['Exists', 'exists'],
  ['DoesNotExist', '!'],
]);

function labelRequirementOf(requirement: LabelSelectorRequirement): LabelRequirement | null {
  const { key = '', values = [] } = requirement;
  const operator = labelOperators.get(requirement.operator ?? '');
  if (operator === undefined) return null;
  const made = labelRequirement(key, operator, values);
  return isRequirement(made) ? made : null;
}
