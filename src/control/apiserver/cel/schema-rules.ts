import { correlatedItems } from '../../api/apiextensions-v1/list-items.js';
import { itemsOf, valuesOf } from '../../api/apiextensions-v1/structural-node.js';
import type { JSONSchemaProps, ValidationRule } from '../../api/gen/apiextensions-v1.js';
import { type CostBudget, CostError } from '../../cel/evaluate.js';
import { CelError, type CelValue, Optional } from '../../cel/values.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import type { FieldError } from '../../machinery/field-errors.js';
import {
  duplicate,
  type FieldPath,
  fieldPath,
  forbiddenField,
  invalidValue,
  required,
} from '../../machinery/field-path.js';
import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { getField, isJsonObject } from '../../machinery/json-object.js';
import { type CompiledRule, compileRule, rulePath } from './compiled-rule.js';
import { schemaValue } from './schema-values.js';

/** What the rules of one object may cost together, and what one of them may. */
const objectBudget = 10_000_000;
const callBudget = 1_000_000;

/** The rules in CEL of a schema, compiled. */
export interface SchemaRules {
  /** What the rules say against an object; `old` is what it replaces. */
  judge(object: JsonObject, old: JsonObject | undefined): readonly FieldError[];
}

/** Rules of a place in a schema, and of the places below that have some. */
interface RuleNode {
  readonly props: JSONSchemaProps;
  readonly isRoot: boolean;
  readonly rules: readonly CompiledRule[];
  readonly fields: ReadonlyMap<string, RuleNode>;
  readonly element: RuleNode | null;
}

/** Is told how long rules take. */
export interface RuleObserver {
  /** Monotonic milliseconds. */
  now(): number;
  /** All rules of a schema were compiled. */
  onCompiled(seconds: number): void;
  /** All rules of an object were evaluated. */
  onEvaluated(seconds: number): void;
}

/** Compiles the rules of a schema that was validated. Rules that do not compile refuse every object: they say why. */
export function compileSchemaRules(props: JSONSchemaProps, observer: RuleObserver): SchemaRules {
  const compilingMs = observer.now();
  const root = nodeOf(props, true);
  if (root === null) return { judge: () => [] };
  observer.onCompiled((observer.now() - compilingMs) / 1000);
  return {
    judge(object, old) {
      const startMs = observer.now();
      const judgement = new Judgement();
      judgement.judge(root, { value: object, old, path: fieldPath(), isUpdate: old !== undefined });
      observer.onEvaluated((observer.now() - startMs) / 1000);
      return judgement.errors;
    },
  };
}

/** Null when there is no rule here or below. */
function nodeOf(props: JSONSchemaProps, isRoot: boolean): RuleNode | null {
  const rules = (props['x-kubernetes-validations'] ?? []).map((rule) =>
    compileRule(rule, props, isRoot),
  );
  const fields = new Map<string, RuleNode>();
  for (const [name, field] of Object.entries(props.properties ?? {})) {
    const node = nodeOf(field, false);
    if (node !== null) fields.set(name, node);
  }
  const values = valuesOf(props);
  const inner = itemsOf(props) ?? (typeof values === 'object' ? values : undefined);
  const element = inner === undefined ? null : nodeOf(inner, false);
  if (rules.length === 0 && fields.size === 0 && element === null) return null;
  return { props, isRoot, rules, fields, element };
}

interface Place {
  readonly value: JsonValue;
  readonly old: JsonValue | undefined;
  readonly path: FieldPath;
  readonly isUpdate: boolean;
}

/** One object being judged. */
class Judgement {
  readonly errors: FieldError[] = [];
  #left = objectBudget;

  judge(node: RuleNode, place: Place): void {
    const { value, old, path, isUpdate } = place;
    if (value === null || this.#left < 0) return;
    this.#applyRules(node, place);
    if (Array.isArray(value) && node.element !== null) {
      const olds = correlatedItems(node.props, value, old);
      for (const [at, item] of value.entries())
        this.judge(node.element, { value: item, old: olds[at], path: path.index(at), isUpdate });
    }
    if (!isJsonObject(value)) return;
    const before = isJsonObject(old) ? old : undefined;
    for (const [name, field] of Object.entries(value)) {
      const own = node.fields.get(name);
      const inner = own ?? (node.props.properties === undefined ? node.element : null);
      if (inner === null || inner === undefined) continue;
      this.judge(inner, {
        value: field,
        old: before && getField(before, name),
        path: own === undefined ? path.key(name) : path.child(name),
        isUpdate,
      });
    }
  }

  #applyRules(node: RuleNode, place: Place): void {
    if (node.rules.length === 0) return;
    let self: CelValue;
    let oldSelf: CelValue | undefined;
    try {
      self = schemaValue(place.value, node.props, node.isRoot);
      oldSelf =
        place.old === undefined || place.old === null
          ? undefined
          : schemaValue(place.old, node.props, node.isRoot);
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      this.errors.push(invalidValue(place.path, node.props.type ?? '', error.message));
      return;
    }
    const isUnchanged =
      place.isUpdate && place.old !== undefined && deepEqual(place.value, place.old);
    for (const rule of node.rules) {
      // What did not change was good when it was written, or is nobody's fault now.
      if (isUnchanged && !rule.usesOldSelf) continue;
      this.#apply(rule, node, place, self, oldSelf);
      if (this.#left < 0) return;
    }
  }

  #apply(
    rule: CompiledRule,
    node: RuleNode,
    place: Place,
    self: CelValue,
    oldSelf: CelValue | undefined,
  ): void {
    const { source } = rule;
    const isOptional = source.optionalOldSelf === true;
    if (rule.usesOldSelf && oldSelf === undefined && !isOptional) return;
    const old: CelValue | undefined = isOptional ? new Optional(oldSelf) : oldSelf;
    const activation = (name: string) =>
      name === 'self' ? self : name === 'oldSelf' ? old : undefined;
    const type = node.props.type ?? '';
    if (rule.program === null) {
      this.errors.push(invalidValue(place.path, type, `rule compile error: ${rule.problem}`));
      return;
    }
    try {
      if (this.#spend((budget) => rule.program?.run(activation, budget)) === true) return;
    } catch (error) {
      this.errors.push(this.#evaluationError(error, rule, place.path, type));
      return;
    }
    const message = this.#messageOf(rule, activation);
    this.errors.push(ruleError(source, rulePath(place.path, source), type, message));
  }

  #spend<T>(run: (budget: CostBudget) => T): T {
    const limit = Math.min(callBudget, this.#left);
    const budget = { left: limit };
    try {
      return run(budget);
    } finally {
      this.#left -= limit - Math.max(budget.left, 0);
    }
  }

  #evaluationError(
    error: unknown,
    { source }: CompiledRule,
    path: FieldPath,
    type: string,
  ): FieldError {
    if (!(error instanceof CelError)) throw error;
    const about = ruleText(source);
    if (error instanceof CostError) {
      const text = `validation failed due to running out of cost budget, no further validation rules will be run: ${about}`;
      this.#left = -1;
      return invalidValue(path, type, text);
    }
    if (error.message.startsWith('no such overload'))
      return invalidValue(
        path,
        type,
        `call arguments did not match a supported operator, function or macro signature for rule: ${about}`,
      );
    return invalidValue(path, type, `${error.message} evaluating rule: ${about}`);
  }

  #messageOf(
    { source, messageProgram }: CompiledRule,
    activation: (name: string) => CelValue | undefined,
  ): string {
    if (messageProgram !== null) {
      try {
        const made = this.#spend((budget) => messageProgram.run(activation, budget));
        if (typeof made === 'string' && made.trim() !== '' && !made.includes('\n')) return made;
      } catch (error) {
        if (!(error instanceof CelError)) throw error;
      }
    }
    return (source.message ?? '') === ''
      ? `failed rule: ${(source.rule ?? '').trim()}`
      : (source.message ?? '').trim();
  }
}

function ruleText({ rule = '', message = '' }: ValidationRule): string {
  return message.trim() === '' ? rule.trim() : message.trim();
}

function ruleError(
  { reason }: ValidationRule,
  path: FieldPath,
  type: string,
  message: string,
): FieldError {
  switch (reason) {
    case 'FieldValueForbidden':
      return forbiddenField(path, message);
    case 'FieldValueRequired':
      return required(path, message);
    case 'FieldValueDuplicate':
      return duplicate(path, type);
    default:
      return invalidValue(path, type, message);
  }
}
