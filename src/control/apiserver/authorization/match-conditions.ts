import type {
  FieldSelectorAttributes,
  LabelSelectorAttributes,
  SubjectAccessReviewSpec,
} from '../../api/gen/authorization-v1.js';
import { environmentOf } from '../../cel/environment.js';
import { CompileError } from '../../cel/parse.js';
import { compile, type Program } from '../../cel/program.js';
import { bool, isAssignable, listOf, mapOf, objectOf, string, typeText } from '../../cel/types.js';
import { CelError, type CelMap, type CelValue } from '../../cel/values.js';
import type { FieldError } from '../../machinery/field-errors.js';
import {
  duplicate,
  type FieldPath,
  invalidValue,
  required,
  tooMany,
} from '../../machinery/field-path.js';

const conditionsMax = 64;
/** What one condition may cost. */
const callBudget = 1_000_000;

const requirement = objectOf('kubernetes.SelectorRequirement', {
  key: string,
  operator: string,
  values: listOf(string),
});
const selectorFields = { rawSelector: string, requirements: listOf(requirement) };

const environment = environmentOf({
  request: objectOf('kubernetes.SubjectAccessReviewSpec', {
    resourceAttributes: objectOf('kubernetes.ResourceAttributes', {
      namespace: string,
      verb: string,
      group: string,
      version: string,
      resource: string,
      subresource: string,
      name: string,
      fieldSelector: objectOf('kubernetes.FieldSelectorAttributes', selectorFields),
      labelSelector: objectOf('kubernetes.LabelSelectorAttributes', selectorFields),
    }),
    nonResourceAttributes: objectOf('kubernetes.NonResourceAttributes', {
      path: string,
      verb: string,
    }),
    user: string,
    groups: listOf(string),
    extra: mapOf(string, listOf(string)),
    uid: string,
  }),
});

type Selector = FieldSelectorAttributes | LabelSelectorAttributes;

/** What is asked before an authorization webhook is: expressions about the review that it would get. */
export class MatchConditions {
  readonly #programs: readonly Program[];

  private constructor(programs: readonly Program[]) {
    this.#programs = programs;
  }

  /** None: everything matches. */
  static readonly none = new MatchConditions([]);

  /** Compiles expressions; what is wrong with them is added to `errors`. */
  static compile(
    expressions: readonly string[],
    path: FieldPath,
    errors: FieldError[],
  ): MatchConditions {
    if (expressions.length > conditionsMax) {
      errors.push(tooMany(path, expressions.length, conditionsMax));
      return MatchConditions.none;
    }
    const programs: Program[] = [];
    for (const [index, expression] of expressions.entries()) {
      const at = path.index(index).child('expression');
      if (expression.trim() === '') errors.push(required(at, ''));
      else if (expressions.indexOf(expression) < index) errors.push(duplicate(at, expression));
      else {
        const program = compileCondition(expression, at, errors);
        if (program !== null) programs.push(program);
      }
    }
    return new MatchConditions(programs);
  }

  get isEmpty(): boolean {
    return this.#programs.length === 0;
  }

  /** Whether all hold. One that does not decides, whatever is wrong with others. Throws CelError. */
  hold(spec: SubjectAccessReviewSpec): boolean {
    if (this.isEmpty) return true;
    const request = requestValue(spec);
    let problem: CelError | null = null;
    for (const program of this.#programs) {
      try {
        const holds = program.run((name) => (name === 'request' ? request : undefined), {
          left: callBudget,
        });
        if (holds !== true) return false;
      } catch (error) {
        if (!(error instanceof CelError)) throw error;
        problem ??= error;
      }
    }
    if (problem !== null) throw problem;
    return true;
  }
}

function compileCondition(text: string, path: FieldPath, errors: FieldError[]): Program | null {
  try {
    const program = compile(text, environment);
    if (program.type.kind !== 'dyn' && isAssignable(bool, program.type, new Map())) return program;
    const got = typeText(program.type);
    errors.push(invalidValue(path, text, `must evaluate to bool but got ${got}`));
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    errors.push(invalidValue(path, text, `compilation failed: ${error.message}`));
  }
  return null;
}

/** Texts are always there, the parts of a question only when it has them. */
function requestValue(spec: SubjectAccessReviewSpec): CelMap {
  const { user = '', uid = '', groups = [], extra = {} } = spec;
  const { resourceAttributes, nonResourceAttributes } = spec;
  const value = new Map<string, CelValue>([
    ['user', user],
    ['uid', uid],
    ['groups', groups],
    ['extra', new Map(Object.entries(extra))],
  ]);
  if (resourceAttributes !== undefined) {
    const { namespace = '', verb = '', group = '', version = '' } = resourceAttributes;
    const { resource = '', subresource = '', name = '' } = resourceAttributes;
    const all = { namespace, verb, group, version, resource, subresource, name };
    const { fieldSelector, labelSelector } = resourceAttributes;
    const attributes = new Map<string, CelValue>(Object.entries(all));
    if (fieldSelector !== undefined) attributes.set('fieldSelector', selectorValue(fieldSelector));
    if (labelSelector !== undefined) attributes.set('labelSelector', selectorValue(labelSelector));
    value.set('resourceAttributes', attributes);
  }
  if (nonResourceAttributes !== undefined) {
    const { path = '', verb = '' } = nonResourceAttributes;
    value.set('nonResourceAttributes', new Map(Object.entries({ path, verb })));
  }
  return value;
}

function selectorValue({ rawSelector, requirements }: Selector): CelMap {
  const value = new Map<string, CelValue>();
  if (rawSelector !== undefined) value.set('rawSelector', rawSelector);
  if (requirements !== undefined)
    value.set(
      'requirements',
      requirements.map(
        ({ key = '', operator = '', values = [] }) =>
          new Map<string, CelValue>(Object.entries({ key, operator, values })),
      ),
    );
  return value;
}
