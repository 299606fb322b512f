import { defined } from '../../../base/assert.js';
import type { ApiResource } from '../../client/index.js';
import type { KubeObject, OwnerReference } from '../../machinery/object.js';

/** An object as the garbage collector knows it. */
export interface GraphNode {
  readonly uid: string;
  readonly resource: ApiResource;
  readonly namespace: string;
  readonly name: string;
  readonly owners: readonly OwnerReference[];
  readonly finalizers: readonly string[];
  readonly isBeingDeleted: boolean;
}

/** The finalizers that stand for the two ways of deletion that concern dependents. */
export const foregroundFinalizer = 'foregroundDeletion';
export const orphanFinalizer = 'orphan';

/** The object goes when those are gone that it owns and that block it. */
export function waitsForDependents(node: GraphNode): boolean {
  return node.isBeingDeleted && node.finalizers.includes(foregroundFinalizer);
}

/** The object's dependents are to stay when it goes. */
export function leavesOrphans(node: GraphNode): boolean {
  return node.isBeingDeleted && node.finalizers.includes(orphanFinalizer);
}

/** A node of an object as it came. */
export function nodeOf(resource: ApiResource, { metadata }: KubeObject): GraphNode {
  return {
    resource,
    uid: metadata.uid ?? '',
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    owners: metadata.ownerReferences ?? [],
    finalizers: metadata.finalizers ?? [],
    isBeingDeleted: metadata.deletionTimestamp !== undefined,
  };
}

/** Who owns whom. Edges are kept for owners that are not there, or not yet. */
export class OwnershipGraph {
  readonly #nodes = new Map<string, GraphNode>();
  /** UIDs of those that name an owner, by its UID. Invariant: no set is empty. */
  readonly #dependents = new Map<string, Set<string>>();

  get size(): number {
    return this.#nodes.size;
  }

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  all(): Iterable<GraphNode> {
    return this.#nodes.values();
  }

  dependentsOf(uid: string): readonly GraphNode[] {
    return [...(this.#dependents.get(uid) ?? [])].map((each) => defined(this.#nodes.get(each)));
  }

  /** Takes an object in, in place of what was known of it. */
  put(node: GraphNode): void {
    this.remove(node.uid);
    this.#nodes.set(node.uid, node);
    for (const { uid = '' } of node.owners) {
      const dependents = this.#dependents.get(uid);
      if (dependents === undefined) this.#dependents.set(uid, new Set([node.uid]));
      else dependents.add(node.uid);
    }
  }

  remove(uid: string): void {
    const node = this.#nodes.get(uid);
    if (node === undefined) return;
    this.#nodes.delete(uid);
    for (const { uid: owner = '' } of node.owners) {
      const dependents = this.#dependents.get(owner);
      dependents?.delete(uid);
      if (dependents?.size === 0) this.#dependents.delete(owner);
    }
  }
}
