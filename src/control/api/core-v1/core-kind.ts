import type { FieldError } from '../../machinery/field-errors.js';
import type { KubeObject } from '../../machinery/object.js';
import type { KindDefinition, KindRules } from '../kind-definition.js';
import { validateKubeFinalizers } from './meta-rules.js';

type Validate<T> = (object: T) => readonly FieldError[];

/** A kind of core/v1 with its rules, and what holds for the metadata of all of them. */
export function coreKind<T extends KubeObject>(kind: string, rules: KindRules<T>): KindDefinition {
  const { validateCreate, validateUpdate, validateStatusUpdate } = rules;
  const withMeta = (object: T, errors: readonly FieldError[] | undefined): FieldError[] => [
    ...validateKubeFinalizers(object.metadata),
    ...(errors ?? []),
  ];
  const definition: KindDefinition<T> = {
    ...rules,
    of: { group: '', version: 'v1', kind },
    validateCreate: (object, context) => withMeta(object, validateCreate?.(object, context)),
    validateUpdate: (object, old, context) =>
      withMeta(object, validateUpdate?.(object, old, context)),
    validateStatusUpdate: (object, old, context) =>
      withMeta(object, validateStatusUpdate?.(object, old, context)),
  };
  return definition as unknown as KindDefinition;
}

/** A rule for creations and updates alike. */
export function whenever<T extends KubeObject>(
  validate: Validate<T>,
): Pick<KindRules<T>, 'validateCreate' | 'validateUpdate'> {
  return {
    validateCreate: (object) => validate(object),
    validateUpdate: (object) => validate(object),
  };
}
