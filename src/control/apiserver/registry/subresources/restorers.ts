import { cloneJson } from '../../../machinery/clone.js';
import type { JsonObject, JsonValue } from '../../../machinery/json.js';
import { fieldsOf, type KubeObject } from '../../../machinery/object.js';

/** Puts back all that a subresource may not change. */
export type Restorer = (object: KubeObject, old: KubeObject) => void;

/** Subresources that are written as the object itself, by `resource[.group]/subresource`. */
export const restorers: Readonly<Record<string, Restorer>> = {
  'pods/ephemeralcontainers': (object, old) =>
    keepOnly(object, old, (from, to) => copyIn(from, to, 'spec', 'ephemeralContainers')),
  'pods/resize': (object, old) => keepOnly(object, old, copyContainerResources),
  'certificatesigningrequests.certificates.k8s.io/approval': (object, old) =>
    keepOnly(object, old, (from, to) => copyIn(from, to, 'status', 'conditions')),
  'namespaces/finalize': (object, old) =>
    keepOnly(object, old, (from, to) => copyIn(from, to, 'spec', 'finalizers')),
};

/** Makes `object` what `old` is, but for what `copy` brings over and the metadata that a client may change. */
function keepOnly(
  object: KubeObject,
  old: KubeObject,
  copy: (from: JsonObject, to: JsonObject) => void,
): void {
  const fields = fieldsOf(object);
  const given: JsonObject = { ...fields };
  for (const name of Object.keys(fields)) if (name !== 'metadata') delete fields[name];
  const { metadata: _, ...kept } = fieldsOf(cloneJson(old));
  Object.assign(fields, kept);
  copy(given, fields);
}

function copyIn(from: JsonObject, to: JsonObject, part: string, field: string): void {
  const source = objectIn(from[part]);
  const target = { ...objectIn(to[part]) };
  const value = source[field];
  if (value === undefined) delete target[field];
  else target[field] = value;
  to[part] = target;
}

/** What containers of the same names may use, and how that may change. */
function copyContainerResources(from: JsonObject, to: JsonObject): void {
  const target = { ...objectIn(to.spec) };
  for (const list of ['containers', 'initContainers']) {
    const given = listOf(objectIn(from.spec)[list]);
    if (target[list] === undefined) continue;
    target[list] = listOf(target[list]).map((container) => {
      const match = given.find(({ name }) => name === container.name);
      const { resources: _, resizePolicy: __, ...kept } = container;
      return {
        ...kept,
        ...(match?.resources === undefined ? {} : { resources: match.resources }),
        ...(match?.resizePolicy === undefined ? {} : { resizePolicy: match.resizePolicy }),
      };
    });
  }
  to.spec = target;
}

function listOf(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.map(objectIn) : [];
}

function objectIn(value: unknown): JsonObject {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as JsonObject) : {};
}
