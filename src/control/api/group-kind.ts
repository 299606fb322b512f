import type { FieldError } from '../machinery/field-errors.js';
import type { JsonValue } from '../machinery/json.js';
import { fieldsOf, type GroupVersionKind, type KubeObject } from '../machinery/object.js';
import type { SchemaNode } from '../machinery/schema-node.js';
import { zeroOf } from './codec/zero-values.js';
import { validateKubeFinalizers } from './core-v1/meta-rules.js';
import { restore } from './core-v1/restore.js';
import type { KindDefinition, KindRules } from './kind-definition.js';
import { schemaOf } from './schema.js';

/** Makes the definition of a kind from its rules. */
export type KindMaker = <T extends KubeObject>(kind: string, rules: KindRules<T>) => KindDefinition;

/**
 * For the kinds of a group's version. To the rules of each is added what holds for all of them: finalizers are Kubernetes' own or
 * have a domain, and the status is written by its subresource alone.
 */
export function kindsOf(group: string, version: string): KindMaker {
  return (kind, rules) => {
    const of = { group, version, kind };
    const definition = { ...withMetaRules(withStatusRules(rules, of)), of };
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

/** A new object has the status that Go has for nothing, and a changed one the status that it had. */
function withStatusRules<T extends KubeObject>(
  rules: KindRules<T>,
  of: GroupVersionKind,
): KindRules<T> {
  const { prepareForCreate, prepareForUpdate } = rules;
  let status: SchemaNode | undefined | null = null;
  const statusNode = (): SchemaNode | undefined => {
    if (status === null) status = schemaOf(of)?.fields.get('status');
    return status;
  };
  return {
    ...rules,
    prepareForCreate: (object, context) => {
      const node = statusNode();
      if (node !== undefined) fieldsOf(object).status = zeroOf(node);
      prepareForCreate?.(object, context);
    },
    prepareForUpdate: (object, old, context) => {
      if (statusNode() !== undefined) restore(statusOf(object), statusOf(old), 'status');
      prepareForUpdate?.(object, old, context);
    },
  };
}

function statusOf(object: KubeObject): { status?: JsonValue } {
  return object as KubeObject & { status?: JsonValue };
}
