import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { isJsonObject } from '../../machinery/json-object.js';

/** The fields of a behavior and of all that is in it. Kubernetes writes them into the annotation with a capital first letter. */
const rulesFields = ['stabilizationWindowSeconds', 'selectPolicy', 'policies', 'tolerance'];
const policyFields = ['type', 'value', 'periodSeconds'];

/** `spec.behavior` of autoscaling/v2 as the annotation of v1 has it; absent fields are null there. */
export function behaviorToAnnotation(behavior: JsonObject): JsonObject {
  const rules = (value: JsonValue | undefined) =>
    isJsonObject(value)
      ? capitalized({ ...value, policies: policies(value.policies) }, rulesFields)
      : null;
  return { ScaleUp: rules(behavior.scaleUp), ScaleDown: rules(behavior.scaleDown) };
}

function policies(value: JsonValue | undefined): JsonValue {
  if (!Array.isArray(value)) return null;
  return value.map((policy) => (isJsonObject(policy) ? capitalized(policy, policyFields) : policy));
}

function capitalized(object: JsonObject, names: readonly string[]): JsonObject {
  const entries = names.map((name) => {
    const key = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    return [key, object[name] ?? null] as const;
  });
  return Object.fromEntries(entries);
}

/** The reverse of {@link behaviorToAnnotation}; undefined when the annotation holds no behavior. */
export function behaviorFromAnnotation(value: JsonValue | undefined): JsonValue | undefined {
  return isJsonObject(value) ? uncapitalized(value) : undefined;
}

/** Every field with a small first letter, without those that are null. */
function uncapitalized(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(uncapitalized);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value)
    .filter(([, member]) => member !== null)
    .map(([name, member]) => [
      `${name.charAt(0).toLowerCase()}${name.slice(1)}`,
      uncapitalized(member),
    ]);
  return Object.fromEntries(entries);
}
