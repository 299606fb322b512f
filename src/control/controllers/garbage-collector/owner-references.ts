import { apiVersionOf, type KubeObject, type OwnerReference } from '../../machinery/object.js';
import type { GraphNode } from './graph.js';

/** The API group of an apiVersion; '' for the core. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** Whether the object is the one that the reference names, and not just one of its UID. */
export function isNamed(
  { resource, name }: GraphNode,
  { apiVersion = '', kind, name: named }: OwnerReference,
): boolean {
  return name === named && resource.kind === kind && resource.group === groupOf(apiVersion);
}

/** An owner in another namespace is none, nor is one in a namespace for an object that is in none. */
export function isForeign(node: GraphNode, owner: GraphNode): boolean {
  return owner.namespace !== '' && owner.namespace !== node.namespace;
}

/** The references that an object did not have before. */
export function newOwners(before: GraphNode, node: GraphNode): readonly OwnerReference[] {
  const known = new Set(before.owners.map(({ uid }) => uid));
  return node.owners.filter(({ uid }) => !known.has(uid));
}

/** As much of the object as an event about it needs. */
export function objectOf({ resource, namespace, name, uid }: GraphNode): KubeObject {
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: { name, uid, ...(namespace === '' ? {} : { namespace }) },
  };
}

/** What kube-controller-manager says of an owner that is in another namespace; the text is its. */
export function invalidNamespaceMessage({ namespace }: GraphNode, owner: OwnerReference): string {
  const { apiVersion = '', kind = '', name = '', uid = '' } = owner;
  const named = `[${apiVersion}/${kind}, namespace: ${namespace}, name: ${name}, uid: ${uid}]`;
  return `ownerRef ${named} does not exist in namespace "${namespace}"`;
}
