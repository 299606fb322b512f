import type { FieldError } from './field-errors.js';
import {
  type FieldPath,
  forbiddenField,
  invalidValue,
  joinFieldErrors,
  required,
} from './field-path.js';
import {
  isRequirement,
  type LabelOperator,
  type LabelRequirement,
  labelRequirement,
  meetsRequirement,
  requirementText,
} from './label-requirement.js';
import { parseLabelRequirements } from './label-selector-parser.js';
import { type Labels, labelOf, validateLabelKey, validateLabels } from './labels.js';
import { labelValueProblems } from './names.js';
import { quote } from './quote.js';
import { badRequest } from './status-errors.js';

/** A set of labels as the API's selectors describe it (metav1.LabelSelector). */
export interface LabelSelectorSpec {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key?: string;
    readonly operator?: string;
    readonly values?: readonly string[];
  }[];
}

/** Requirements that labels must all meet. Immutable. */
export class LabelSelector {
  /** Sorted by key. */
  readonly requirements: readonly LabelRequirement[];
  readonly #matchesNothing: boolean;

  /** The requirements are valid; use {@link labelSelectorOf} or `parseLabelSelector` for what comes from clients. */
  constructor(requirements: readonly LabelRequirement[], matchesNothing = false) {
    this.requirements = [...requirements].sort((a, b) =>
      a.key < b.key ? -1 : a.key > b.key ? 1 : 0,
    );
    this.#matchesNothing = matchesNothing;
  }

  /** Matches every object. */
  get isEverything(): boolean {
    return this.requirements.length === 0 && !this.#matchesNothing;
  }

  /** Matches no object, whatever its labels. */
  get isNothing(): boolean {
    return this.#matchesNothing;
  }

  /** Whether an object with these labels is selected. */
  matches(labels: Labels | undefined): boolean {
    if (this.#matchesNothing) return false;
    for (const requirement of this.requirements) {
      if (!meetsRequirement(requirement, labelOf(labels, requirement.key))) return false;
    }
    return true;
  }

  /** The only value that a label can have in what is selected, or undefined: what an index can be asked for. */
  exactValue(key: string): string | undefined {
    for (const requirement of this.requirements) {
      const { operator, values } = requirement;
      if (requirement.key !== key || values.length !== 1) continue;
      if (operator === '=' || operator === '==' || operator === 'in') return values[0];
    }
    return undefined;
  }

  /** As clients write selectors; parses to the same selector. */
  toString(): string {
    return this.requirements.map(requirementText).join(',');
  }
}

/** Selects every object. */
export const everyLabel = new LabelSelector([]);
/** Selects no object. */
export const noLabel = new LabelSelector([], true);

/**
 * The selector that a client wrote, as `app=web,tier in (front,back),!canary`. The empty text selects everything. Throws
 * badRequest with the text that clients know.
 */
export function parseLabelSelector(text: string): LabelSelector {
  return text === '' ? everyLabel : new LabelSelector(parseLabelRequirements(text));
}

const specOperators: ReadonlyMap<string, LabelOperator> = new Map([
  ['In', 'in'],
  ['NotIn', 'notin'],
  ['Exists', 'exists'],
  ['DoesNotExist', '!'],
]);

/** The selector that an object describes: nothing when it is absent, everything when it is empty. Throws badRequest. */
export function labelSelectorOf(spec: LabelSelectorSpec | null | undefined): LabelSelector {
  if (spec === null || spec === undefined) return noLabel;
  const requirements = Object.entries(spec.matchLabels ?? {}).map(([key, value]) =>
    validRequirement(key, '=', [value]),
  );
  for (const { key = '', operator: name = '', values = [] } of spec.matchExpressions ?? []) {
    const operator = specOperators.get(name);
    if (operator === undefined) {
      throw badRequest(`${quote(name)} is not a valid label selector operator`);
    }
    requirements.push(validRequirement(key, operator, values));
  }
  return requirements.length === 0 ? everyLabel : new LabelSelector(requirements);
}

function validRequirement(
  key: string,
  operator: LabelOperator,
  values: readonly string[],
): LabelRequirement {
  const requirement = labelRequirement(key, operator, values);
  if (isRequirement(requirement)) return requirement;
  throw badRequest(joinFieldErrors(requirement));
}

/** What is wrong with the selector of an object. */
export function validateLabelSelector(
  selector: LabelSelectorSpec | null | undefined,
  path: FieldPath,
): FieldError[] {
  const expressions = path.child('matchExpressions');
  return [
    ...validateLabels(selector?.matchLabels, path.child('matchLabels')),
    ...(selector?.matchExpressions ?? []).flatMap((expression, at) =>
      validateExpression(expression, expressions.index(at)),
    ),
  ];
}

function validateExpression(
  expression: {
    readonly key?: string;
    readonly operator?: string;
    readonly values?: readonly string[];
  },
  path: FieldPath,
): FieldError[] {
  const { key = '', operator = '', values = [] } = expression;
  const valuesPath = path.child('values');
  const errors: FieldError[] = [];
  const kind = specOperators.get(operator);
  if (kind === undefined) {
    errors.push(invalidValue(path.child('operator'), operator, 'not a valid selector operator'));
  } else if ((kind === 'in' || kind === 'notin') && values.length === 0) {
    errors.push(required(valuesPath, "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if ((kind === 'exists' || kind === '!') && values.length > 0) {
    const text = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
    errors.push(forbiddenField(valuesPath, text));
  }
  errors.push(...validateLabelKey(key, path.child('key')));
  values.forEach((value, at) => {
    for (const problem of labelValueProblems(value)) {
      errors.push(invalidValue(valuesPath.index(at), value, problem));
    }
  });
  return errors;
}
