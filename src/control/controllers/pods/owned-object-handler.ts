import type { ChangeHandler } from '../../client/index.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import type { KubeObject, OwnerReference } from '../../machinery/object.js';
import { controllerOf } from './owner.js';

/** What a controller wants to hear of the objects that its own objects manage. Keys are those of the managing objects. */
export interface OwnerEvents<T extends KubeObject> {
  /** The key of the owner that a reference names, when it is there, of this controller's kind, and the same object (UID). */
  keyOf(reference: OwnerReference, namespace: string): string | undefined;
  /** The keys of those who would take an object that has no controller. */
  keysWanting(object: T): Iterable<string>;
  enqueue(key: string): void;
  onCreated?(key: string): void;
  /** It is gone, or has begun to go; so more than once. */
  onDeleted?(key: string, object: T): void;
}

/** Tells owners of changes of what they manage, and those who might adopt of what nobody manages. */
export function ownedObjectHandler<T extends KubeObject>(events: OwnerEvents<T>): ChangeHandler<T> {
  const ownerOf = (object: T): string | undefined => {
    const reference = controllerOf(object);
    if (reference === undefined) return undefined;
    return events.keyOf(reference, object.metadata.namespace ?? '');
  };
  const enqueueWanting = (object: T) => {
    for (const key of events.keysWanting(object)) events.enqueue(key);
  };
  const onGoing = (object: T) => {
    const key = ownerOf(object);
    if (key === undefined) return;
    events.onDeleted?.(key, object);
    events.enqueue(key);
  };
  return {
    onAdd(object) {
      // Seen at a start, or again after a watch that lost it: it has begun to go already.
      if (object.metadata.deletionTimestamp !== undefined) return onGoing(object);
      const key = ownerOf(object);
      if (key !== undefined) {
        events.onCreated?.(key);
        events.enqueue(key);
      } else if (controllerOf(object) === undefined) {
        enqueueWanting(object);
      }
    },
    onUpdate(before, after) {
      const [had, has] = [ownerOf(before), ownerOf(after)];
      const isGoing = after.metadata.deletionTimestamp !== undefined;
      if (had !== undefined && had !== has) events.enqueue(had);
      if (isGoing) return onGoing(after);
      if (has !== undefined) {
        events.enqueue(has);
      } else if (controllerOf(after) === undefined) {
        const isOrphanNow = controllerOf(before) !== undefined;
        const isRelabelled = !deepEqual(before.metadata.labels, after.metadata.labels);
        if (isOrphanNow || isRelabelled) enqueueWanting(after);
      }
    },
    onDelete: onGoing,
  };
}
