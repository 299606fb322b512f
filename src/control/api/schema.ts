import { apiVersionOf, type GroupVersionKind } from '../machinery/object.js';
import type { SchemaNode } from '../machinery/schema-node.js';
import { BuiltInSchemaNode } from './built-in-schema-node.js';
import { schemaFacts } from './schema-facts.js';

const metaDefinition = 'io.k8s.apimachinery.pkg.apis.meta.v1.';

/** The schema of a definition, as `io.k8s.api.core.v1.PodSpec`; undefined when there is none of that name. Built once and shared. */
export function schemaOfDefinition(name: string): SchemaNode | undefined {
  return BuiltInSchemaNode.ofDefinition(name);
}

/** The schema of a kind of the Kubernetes API, lists and options (`DeleteOptions` of any group) too. Built once and shared. */
export function schemaOf(kind: GroupVersionKind): SchemaNode | undefined {
  const name = definitionOf(kind);
  return name === undefined ? undefined : schemaOfDefinition(name);
}

/** The schema of every kind's metadata, lists excepted. */
export function objectMetaSchema(): SchemaNode {
  return BuiltInSchemaNode.require(`${metaDefinition}ObjectMeta`);
}

let definitionsByKind: Map<string, string> | undefined;

/**
 * The name of the definition of a kind; undefined when the Kubernetes API has no such kind. Kinds that belong to no group, as options,
 * are also found in `meta.k8s.io`.
 */
export function definitionOf(kind: GroupVersionKind): string | undefined {
  definitionsByKind ??= indexDefinitions();
  if (kind.group !== 'meta.k8s.io') return definitionsByKind.get(keyOf(kind));
  const name = definitionsByKind.get(keyOf({ ...kind, group: '' }));
  return name?.startsWith(metaDefinition) ? name : undefined;
}

function indexDefinitions(): Map<string, string> {
  const index = new Map<string, string>();
  for (const [name, fact] of Object.entries(schemaFacts().definitions)) {
    for (const kind of fact['group-version-kind'] ?? []) index.set(keyOf(kind), name);
  }
  return index;
}

function keyOf(kind: GroupVersionKind): string {
  return `${apiVersionOf(kind)}/${kind.kind}`;
}
