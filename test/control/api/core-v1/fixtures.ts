import { kinds } from '../../../../src/control/api/core-v1/index.js';
import type { Pod, PodSpec } from '../../../../src/control/api/gen/core-v1.js';
import type { KindDefinition, RuleContext } from '../../../../src/control/api/kind-definition.js';
import { cloneJson } from '../../../../src/control/machinery/clone.js';
import type { FieldError } from '../../../../src/control/machinery/field-errors.js';
import type { KubeObject } from '../../../../src/control/machinery/object.js';

/** 2026-01-01T00:00:00Z. */
export const nowMs = Date.parse('2026-01-01T00:00:00Z');

/** A request by a user on the object itself. */
export const context: RuleContext = { nowMs, username: 'me', subresource: '' };

/** The rules of a kind. */
export function kindOf(kind: string): KindDefinition {
  const found = kinds.find(({ of }) => of.kind === kind);
  if (found === undefined) throw new Error(`no rules for ${kind}`);
  return found;
}

/** Field errors as clients read them. */
export function texts(errors: readonly FieldError[] | undefined): string[] {
  return (errors ?? []).map(({ field, message }) => `${field}: ${message}`);
}

/** What is left of an object after it was filled in. */
export function defaulted<T extends KubeObject>(kind: string, object: T): T {
  const copy = cloneJson(object);
  kindOf(kind).setDefaults?.(copy);
  return copy;
}

/** What a creation refuses, as the server asks for it: defaults, preparation, validation. */
export function createErrors(kind: string, object: KubeObject): string[] {
  const rules = kindOf(kind);
  const copy = defaulted(kind, object);
  rules.prepareForCreate?.(copy, context);
  return texts(rules.validateCreate?.(copy, context));
}

/** What an update of `old` to `object` refuses. */
export function updateErrors(kind: string, object: KubeObject, old: KubeObject): string[] {
  const rules = kindOf(kind);
  const copy = defaulted(kind, object);
  const before = defaulted(kind, old);
  rules.prepareForUpdate?.(copy, before, context);
  return texts(rules.validateUpdate?.(copy, before, context));
}

/** What a write of the status refuses. */
export function statusErrors(kind: string, object: KubeObject, old: KubeObject): string[] {
  const rules = kindOf(kind);
  const copy = defaulted(kind, object);
  const before = defaulted(kind, old);
  rules.prepareForStatusUpdate?.(copy, before, context);
  return texts(rules.validateStatusUpdate?.(copy, before, context));
}

/** The cells of an object's row. */
export function cellsOf(kind: string, object: KubeObject): readonly unknown[] | undefined {
  return kindOf(kind).table?.cells(object, nowMs);
}

/** A pod with one container, and whatever a test adds to its spec. */
export function podOf(spec: PodSpec = {}, meta: Pod['metadata'] = {}): Pod {
  return {
    metadata: { name: 'p', namespace: 'default', ...meta },
    spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
  };
}
