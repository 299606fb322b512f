import type { FieldError } from '../machinery/field-errors.js';
import type { KubeObject } from '../machinery/object.js';
import { validateKubeFinalizers } from './core-v1/meta-rules.js';
import type { KindDefinition, KindRules } from './kind-definition.js';

/** Makes the definition of a kind from its rules. */
export type KindMaker = <T extends KubeObject>(kind: string, rules: KindRules<T>) => KindDefinition;

/** For the kinds of a group's version: their rules, and what holds for the metadata of all built-in kinds. */
export function kindsOf(group: string, version: string): KindMaker {
  return (kind, rules) => {
    const definition = { ...withMetaRules(rules), of: { group, version, kind } };
    return definition as unknown as KindDefinition;
  };
}

/** A creation is checked in any case: rules without checks of their own leave none to the schema alone. */
function withMetaRules<T extends KubeObject>(rules: KindRules<T>): KindRules<T> {
  const { validateCreate, validateUpdate, validateStatusUpdate } = rules;
  const errorsOf = (object: T, own: readonly FieldError[] | undefined): FieldError[] => [
    ...validateKubeFinalizers(object.metadata),
    ...(own ?? []),
  ];
  return {
    ...rules,
    validateCreate: (object, context) => errorsOf(object, validateCreate?.(object, context)),
    validateUpdate: (object, old, context) =>
      errorsOf(object, validateUpdate?.(object, old, context)),
    validateStatusUpdate: (object, old, context) =>
      errorsOf(object, validateStatusUpdate?.(object, old, context)),
  };
}
