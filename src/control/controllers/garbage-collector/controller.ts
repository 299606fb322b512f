import { type ResourceClient, UnreachableError, WorkQueue } from '../../client/index.js';
import type { KubeObject, OwnerReference } from '../../machinery/object.js';
import type { Controller, ControllerParts } from '../controller.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { ignoreNotFound, isNotFound } from '../runtime/write-failures.js';
import { AbsentOwners } from './absent-owners.js';
import {
  type GraphNode,
  leavesOrphans,
  nodeOf,
  OwnershipGraph,
  waitsForDependents,
} from './graph.js';
import {
  groupOf,
  invalidNamespaceMessage,
  isForeign,
  isNamed,
  newOwners,
  objectOf,
} from './owner-references.js';
import { type Action, type OwnerState, planObject } from './plan.js';
import { ResourceMonitors } from './resource-monitors.js';

/** What kube-controller-manager calls it. */
export const garbageCollectorName = 'garbage-collector-controller';

const pauses = { baseMs: 20, maxMs: 30_000 };
/** An owner that no monitor shows is looked at again so often: nobody tells when it goes. */
const unseenOwnerMs = 30_000;

/** Deletes objects whose owners are gone, and sees foreground deletions and those that leave orphans through. */
export class GarbageCollector implements Controller {
  readonly name = garbageCollectorName;
  readonly #parts: ControllerParts;
  readonly #graph = new OwnershipGraph();
  readonly #absent = new AbsentOwners();
  /** Of UIDs. */
  readonly #queue: WorkQueue;
  readonly #monitors: ResourceMonitors;

  readonly #workers: number;

  constructor(parts: ControllerParts, { workers }: { readonly workers: number }) {
    this.#parts = parts;
    this.#workers = workers;
    this.#queue = new WorkQueue(parts.clock, pauses);
    this.#monitors = new ResourceMonitors(parts, {
      onPut: (resource, object) => this.#onPut(nodeOf(resource, object)),
      onGone: (_, { metadata }) => this.#onGone(metadata.uid ?? ''),
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    const queue = this.#queue;
    await Promise.all([
      this.#monitors.run(signal),
      reconcileLoop({
        ...{ parts: this.#parts, name: 'garbage_collector_attempt_to_delete', queue },
        ...{ informers: [], workers: this.#workers, signal },
        reconcile: async (uid) => {
          // Before everything has been seen, it is not known who owns whom.
          await this.#monitors.untilSynced(signal);
          await this.#reconcile(uid, signal);
        },
      }),
    ]);
  }

  #onPut(node: GraphNode): void {
    const before = this.#graph.get(node.uid);
    this.#graph.put(node);
    const isDue =
      node.owners.some((owner) => this.#stateInGraph(node, owner) !== 'solid') ||
      leavesOrphans(node) ||
      waitsForDependents(node);
    if (isDue) this.#queue.add(node.uid);
    for (const { uid = '' } of before?.owners ?? []) this.#lookAtWaiting(uid);
    if (before === undefined) this.#onNew(node);
    else this.#reportForeign(node, newOwners(before, node));
    const beganToWait =
      waitsForDependents(node) && (before === undefined || !waitsForDependents(before));
    if (beganToWait) this.#enqueueAll(this.#graph.dependentsOf(node.uid));
  }

  /** Those that came before it are looked at again, where they named what it is not. */
  #onNew(node: GraphNode): void {
    this.#reportForeign(node, node.owners);
    for (const dependent of this.#graph.dependentsOf(node.uid)) {
      const owners = dependent.owners.filter(({ uid }) => uid === node.uid);
      this.#reportForeign(dependent, owners);
      const isOf = (owner: OwnerReference) => this.#stateInGraph(dependent, owner) === 'solid';
      if (!owners.every(isOf)) this.#queue.add(dependent.uid);
    }
  }

  /** Warns of each of these owners that is known to be in a namespace that the dependent is not in. */
  #reportForeign(node: GraphNode, owners: readonly OwnerReference[]): void {
    for (const reference of owners) {
      const owner = this.#graph.get(reference.uid ?? '');
      if (owner === undefined || !isForeign(node, owner)) continue;
      this.#parts.events.event(
        objectOf(node),
        'Warning',
        'OwnerRefInvalidNamespace',
        invalidNamespaceMessage(node, reference),
      );
    }
  }

  #onGone(uid: string): void {
    const node = this.#graph.get(uid);
    if (node === undefined) return;
    this.#graph.remove(uid);
    for (const { uid: owner = '' } of node.owners) this.#lookAtWaiting(owner);
    this.#enqueueAll(this.#graph.dependentsOf(uid));
  }

  /** An owner that waits for its dependents may wait for one less. */
  #lookAtWaiting(uid: string): void {
    const owner = this.#graph.get(uid);
    if (owner !== undefined && (waitsForDependents(owner) || leavesOrphans(owner)))
      this.#queue.add(uid);
  }

  #enqueueAll(nodes: readonly GraphNode[]): void {
    for (const { uid } of nodes) this.#queue.add(uid);
  }

  /** What the graph says of an owner; 'absent' where only the server can tell. */
  #stateInGraph(node: GraphNode, reference: OwnerReference): OwnerState {
    const owner = this.#graph.get(reference.uid ?? '');
    if (owner === undefined || !isNamed(owner, reference)) return 'absent';
    // What has no namespace cannot be owned by what has one; as in Kubernetes, nothing follows from the reference.
    if (isForeign(node, owner)) return node.namespace === '' ? 'solid' : 'absent';
    return waitsForDependents(owner) ? 'waiting' : 'solid';
  }

  async #reconcile(uid: string, signal: AbortSignal): Promise<void> {
    const known = this.#graph.get(uid);
    if (known === undefined) return;
    // Only what the server has now counts for what cannot be taken back.
    const object = await this.#read(known.resource, known, signal);
    if (object === null || object.metadata.uid !== uid) return;
    const node = nodeOf(known.resource, object);
    const owners = new Map<string, OwnerState>();
    for (const owner of node.owners) {
      owners.set(owner.uid ?? '', await this.#stateOf(node, owner, signal));
    }
    const action = planObject(node, owners, this.#graph.dependentsOf(uid));
    await this.#act(node, object, action, signal);
  }

  /** Whether an owner is there, by the graph and, before it counts as absent, by the server. */
  async #stateOf(
    node: GraphNode,
    reference: OwnerReference,
    signal: AbortSignal,
  ): Promise<OwnerState> {
    const known = this.#stateInGraph(node, reference);
    if (known !== 'absent') return known;
    const { uid = '', apiVersion = '', kind = '', name = '' } = reference;
    const resource = this.#monitors.find(groupOf(apiVersion), kind);
    // Nobody knows whether it exists: as Kubernetes, keep what may be owned, until its kind is known.
    if (resource === undefined) {
      this.#queue.addAfter(node.uid, unseenOwnerMs);
      return 'solid';
    }
    if (resource.isNamespaced && node.namespace === '') return 'solid';
    const place = { namespace: resource.isNamespaced ? node.namespace : '', name };
    if (this.#absent.has(place.namespace, reference)) return 'absent';
    const found = await this.#read(resource, place, signal);
    if (found === null || found.metadata.uid !== uid) {
      this.#absent.add(place.namespace, reference);
      return 'absent';
    }
    // Should it go before its monitor has seen it, no deletion is ever told.
    if (this.#graph.get(uid) === undefined) this.#queue.addAfter(node.uid, unseenOwnerMs);
    return waitsForDependents(nodeOf(resource, found)) ? 'waiting' : 'solid';
  }

  async #act(
    node: GraphNode,
    object: KubeObject,
    action: Action,
    signal: AbortSignal,
  ): Promise<void> {
    const objects = this.#parts.client.objects(node.resource);
    const { resourceVersion = '' } = object.metadata;
    switch (action.kind) {
      case 'nothing':
        return;
      case 'delete': {
        const unblocked = action.unblocksOwners
          ? await unblockOwners(objects, object, signal)
          : resourceVersion;
        if (unblocked === null) return;
        const preconditions = { uid: node.uid, resourceVersion: unblocked };
        const propagationPolicy = action.propagation;
        await objects
          .delete(node, { preconditions, propagationPolicy, signal })
          .catch(ignoreNotFound);
        return;
      }
      case 'drop-owners':
        await dropOwners(objects, object, action.uids, signal);
        return;
      case 'release':
        for (const dependent of action.dependents) await this.#release(node, dependent, signal);
        // Each change comes back by the watch, and has the owner looked at again.
        this.#queue.addAfter(node.uid, pauses.baseMs);
        return;
      case 'hurry':
        this.#enqueueAll(action.dependents);
        return;
      case 'finish': {
        const finalizers = (object.metadata.finalizers ?? []).filter(
          (name) => name !== action.finalizer,
        );
        const patch = { metadata: { resourceVersion, finalizers } };
        await objects.patch(node, 'merge', patch, { signal }).catch(ignoreNotFound);
        return;
      }
    }
  }

  async #release(owner: GraphNode, dependent: GraphNode, signal: AbortSignal): Promise<void> {
    const object = await this.#read(dependent.resource, dependent, signal);
    if (object === null || object.metadata.uid !== dependent.uid) return;
    const objects = this.#parts.client.objects(dependent.resource);
    await dropOwners(objects, object, [owner.uid], signal);
  }

  async #read(
    resource: GraphNode['resource'],
    { namespace, name }: Pick<GraphNode, 'namespace' | 'name'>,
    signal: AbortSignal,
  ): Promise<KubeObject | null> {
    try {
      return await this.#parts.client.objects(resource).get({ namespace, name }, { signal });
    } catch (error) {
      if (error instanceof UnreachableError || !isNotFound(error)) throw error;
      return null;
    }
  }
}

/** Lets no owner wait for the object any more. Resolves with its version then; null: it is gone. */
async function unblockOwners(
  objects: ResourceClient<KubeObject>,
  { metadata }: KubeObject,
  signal: AbortSignal,
): Promise<string | null> {
  const { namespace = '', name = '', resourceVersion = '' } = metadata;
  const ownerReferences = (metadata.ownerReferences ?? []).map((owner) => ({
    ...owner,
    blockOwnerDeletion: false,
  }));
  const patch = { metadata: { resourceVersion, ownerReferences } };
  const patched = await objects
    .patch({ namespace, name }, 'merge', patch, { signal })
    .catch(ignoreNotFound);
  return patched?.metadata.resourceVersion ?? null;
}

/** Takes owners out of an object's references, as long as it is in the version that was read. */
async function dropOwners(
  objects: ResourceClient<KubeObject>,
  { metadata }: KubeObject,
  uids: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const before = metadata.ownerReferences ?? [];
  const after = before.filter(({ uid = '' }) => !uids.includes(uid));
  if (after.length === before.length) return;
  const { namespace = '', name = '', resourceVersion = '' } = metadata;
  const ownerReferences = after.map((owner) => ({ ...owner }));
  const patch = { metadata: { resourceVersion, ownerReferences } };
  await objects.patch({ namespace, name }, 'merge', patch, { signal }).catch(ignoreNotFound);
}
