import { parseJsonPath } from '../../api/apiextensions-v1/json-path.js';
import { itemsOf, valuesOf } from '../../api/apiextensions-v1/structural-node.js';
import type {
  CustomResourceDefinition,
  JSONSchemaProps,
  ValidationRule,
} from '../../api/gen/apiextensions-v1.js';
import { sizeMin } from '../../cel/schema-size.js';
import { requestBytesMax } from '../../cel/schema-type.js';
import type { FieldError } from '../../machinery/field-errors.js';
import {
  type FieldPath,
  fieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import { type CompiledRule, compileRule } from './compiled-rule.js';

const ruleCostMax = 10_000_000;
const schemaCostMax = 100_000_000;
const reasons: readonly string[] = [
  'FieldValueRequired',
  'FieldValueForbidden',
  'FieldValueInvalid',
  'FieldValueDuplicate',
];
const advice =
  '(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)';

/** What is wrong with the rules in CEL of all versions: they must compile, and cost what a server can afford. */
export function validateDefinitionRules({ spec }: CustomResourceDefinition): FieldError[] {
  return (spec?.versions ?? []).flatMap(({ schema }, at) => {
    const props = schema?.openAPIV3Schema;
    if (props === undefined) return [];
    const path = fieldPath('spec', 'versions').index(at).child('schema', 'openAPIV3Schema');
    const walk = new RuleWalk();
    walk.visit(props, { path, isRoot: true, count: 1, uncorrelated: null });
    if (walk.cost > schemaCostMax) {
      const what = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema';
      walk.errors.push(forbiddenField(path, costText(what, walk.cost, schemaCostMax)));
    }
    return walk.errors;
  });
}

interface Place {
  readonly path: FieldPath;
  readonly isRoot: boolean;
  /** How many such values an object can have. */
  readonly count: number;
  /** The list or map above whose members cannot be told apart; null without. */
  readonly uncorrelated: FieldPath | null;
}

class RuleWalk {
  readonly errors: FieldError[] = [];
  cost = 0;

  visit(props: JSONSchemaProps, place: Place): void {
    const { path, count, uncorrelated } = place;
    (props['x-kubernetes-validations'] ?? []).forEach((rule, at) => {
      this.#judge(rule, props, {
        ...place,
        path: path.child('x-kubernetes-validations').index(at),
      });
    });
    for (const [name, field] of Object.entries(props.properties ?? {}))
      this.visit(field, {
        path: path.child('properties').key(name),
        isRoot: false,
        count,
        uncorrelated,
      });
    const items = itemsOf(props);
    if (items !== undefined) {
      const isMap = props['x-kubernetes-list-type'] === 'map';
      const inner = {
        path: path.child('items'),
        isRoot: false,
        count: count * (props.maxItems ?? Infinity),
      };
      this.visit(items, { ...inner, uncorrelated: isMap ? uncorrelated : (uncorrelated ?? path) });
    }
    const values = valuesOf(props);
    if (typeof values === 'object')
      this.visit(values, {
        path: path.child('additionalProperties'),
        isRoot: false,
        count: count * (props.maxProperties ?? Infinity),
        uncorrelated,
      });
  }

  #judge(source: ValidationRule, props: JSONSchemaProps, place: Place): void {
    const { path } = place;
    if ((source.rule ?? '').trim() === '') {
      this.errors.push(required(path.child('rule'), 'rule is not specified'));
      return;
    }
    this.#judgeTexts(source, path);
    const rule = compileRule(source, props, place.isRoot);
    if (rule.program === null) {
      this.errors.push(invalidValue(path.child('rule'), source, rule.problem));
      return;
    }
    if (rule.usesOldSelf && place.uncorrelated !== null)
      this.errors.push(
        invalidValue(
          path.child('rule'),
          source.rule,
          `oldSelf cannot be used on the uncorrelatable portion of the schema within ${place.uncorrelated}`,
        ),
      );
    if (source.optionalOldSelf !== undefined && !rule.usesOldSelf)
      this.errors.push(
        invalidValue(
          path.child('optionalOldSelf'),
          source.optionalOldSelf,
          'may not be set if oldSelf is not used in rule',
        ),
      );
    if (rule.messageProblem !== '')
      this.errors.push(invalidValue(path.child('messageExpression'), source, rule.messageProblem));
    this.#judgeCost(rule, props, place);
  }

  #judgeTexts({ message = '', reason, fieldPath: field }: ValidationRule, path: FieldPath): void {
    if (message !== '' && message.trim() === '')
      this.errors.push(
        invalidValue(path.child('message'), message, 'message must be non-empty if specified'),
      );
    else if (message.includes('\n'))
      this.errors.push(
        invalidValue(path.child('message'), message, 'message must not contain line breaks'),
      );
    if (reason !== undefined && !reasons.includes(reason))
      this.errors.push(notSupported(path.child('reason'), reason, reasons));
    if (field !== undefined && field !== '' && !isFieldPath(field))
      this.errors.push(
        invalidValue(
          path.child('fieldPath'),
          field,
          'fieldPath must be a valid path: it must be made of names of fields',
        ),
      );
  }

  #judgeCost(
    { program, messageProgram }: CompiledRule,
    props: JSONSchemaProps,
    place: Place,
  ): void {
    const count = Math.min(place.count, Math.floor(requestBytesMax / Math.max(1, sizeMin(props))));
    for (const [name, compiled] of [
      ['rule', program],
      ['messageExpression', messageProgram],
    ] as const) {
      if (compiled === null) continue;
      const cost = compiled.costMax * count;
      this.cost += cost;
      if (cost > ruleCostMax) {
        const what = name === 'rule' ? 'estimated rule cost' : 'estimated messageExpression cost';
        this.errors.push(forbiddenField(place.path.child(name), costText(what, cost, ruleCostMax)));
      }
    }
  }
}

function isFieldPath(text: string): boolean {
  try {
    return text.startsWith('.') && parseJsonPath(text).fieldNames !== null;
  } catch {
    return false;
  }
}

function costText(what: string, cost: number, max: number): string {
  const factor = cost / max;
  const times =
    factor > 100
      ? 'more than 100x'
      : factor < 1.5
        ? `${factor.toFixed(6)}x`
        : `${factor.toFixed(1)}x`;
  return `${what} exceeds budget by factor of ${times} ${advice}`;
}
