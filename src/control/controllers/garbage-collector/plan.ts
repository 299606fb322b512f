import type { OwnerReference } from '../../machinery/object.js';
import {
  foregroundFinalizer,
  type GraphNode,
  leavesOrphans,
  orphanFinalizer,
  waitsForDependents,
} from './graph.js';

/** What is known of an owner that an object names. */
export type OwnerState =
  /** It is there, or it cannot be known whether it is: a broken reference deletes nothing. */
  | 'solid'
  /** It is not there: no object of that name, or another one. */
  | 'absent'
  /** It is there until its dependents are gone. */
  | 'waiting';

/** How a deletion treats what the deleted object owns. */
export type Propagation = 'Background' | 'Foreground' | 'Orphan';

/** What to do with an object. */
export type Action =
  | { readonly kind: 'nothing' }
  /** Where `unblocksOwners`, its owners are first told not to wait for it. */
  | {
      readonly kind: 'delete';
      readonly propagation: Propagation;
      readonly unblocksOwners: boolean;
    }
  /** Takes these owners out of its references. */
  | { readonly kind: 'drop-owners'; readonly uids: readonly string[] }
  /** Takes the object out of the owners of these, then the finalizer away. */
  | { readonly kind: 'release'; readonly dependents: readonly GraphNode[] }
  /** Has these looked at: the object waits for them. */
  | { readonly kind: 'hurry'; readonly dependents: readonly GraphNode[] }
  /** Nothing keeps it from going any more. */
  | { readonly kind: 'finish'; readonly finalizer: string };

const nothing: Action = { kind: 'nothing' };

/**
 * What the garbage collector does with an object, from what it owns and the state of each of its owners (by UID). Objects without
 * owners, and those with one that is there, stay.
 */
export function planObject(
  node: GraphNode,
  owners: ReadonlyMap<string, OwnerState>,
  dependents: readonly GraphNode[],
): Action {
  if (leavesOrphans(node)) {
    return dependents.length > 0
      ? { kind: 'release', dependents }
      : { kind: 'finish', finalizer: orphanFinalizer };
  }
  if (waitsForDependents(node)) return planForeground(node, dependents);
  if (node.isBeingDeleted || node.owners.length === 0) return nothing;
  return planOwned(node, owners, dependents);
}

function planForeground(node: GraphNode, dependents: readonly GraphNode[]): Action {
  const blocking = dependents.filter((dependent) => blocks(dependent, node.uid));
  if (blocking.length === 0) return { kind: 'finish', finalizer: foregroundFinalizer };
  return { kind: 'hurry', dependents: dependents.filter(({ isBeingDeleted }) => !isBeingDeleted) };
}

function blocks({ owners }: GraphNode, uid: string): boolean {
  return owners.some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true);
}

function planOwned(
  node: GraphNode,
  owners: ReadonlyMap<string, OwnerState>,
  dependents: readonly GraphNode[],
): Action {
  const inState = (state: OwnerState) =>
    node.owners.filter(({ uid = '' }) => (owners.get(uid) ?? 'solid') === state);
  const gone = [...inState('absent'), ...inState('waiting')];
  if (inState('solid').length > 0) {
    return gone.length === 0 ? nothing : { kind: 'drop-owners', uids: gone.map(uidOf) };
  }
  if (inState('waiting').length === 0 || dependents.length === 0) {
    return { kind: 'delete', propagation: propagationOf(node), unblocksOwners: false };
  }
  // Owner and dependent may be the same in the end: in a circle all would wait for ever.
  const unblocksOwners = dependents.some(waitsForDependents);
  return { kind: 'delete', propagation: 'Foreground', unblocksOwners };
}

/** The way that its own finalizers ask for. */
function propagationOf({ finalizers }: GraphNode): Propagation {
  if (finalizers.includes(orphanFinalizer)) return 'Orphan';
  return finalizers.includes(foregroundFinalizer) ? 'Foreground' : 'Background';
}

function uidOf({ uid = '' }: OwnerReference): string {
  return uid;
}
