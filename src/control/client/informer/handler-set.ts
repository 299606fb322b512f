import type { KubeObject } from '../../machinery/object.js';

/**
 * Is told of changes, in order, one at a time. Does little: queues a key, counts. The objects are shared: nobody changes them. What it
 * throws is a bug and ends the informer.
 */
export interface ChangeHandler<T extends KubeObject> {
  onAdd?(object: T): void;
  /** A resync tells of objects that did not change: both are the same then. */
  onUpdate?(before: T, after: T): void;
  /** `object` is its last state; what is known of it when nobody saw it go. */
  onDelete?(object: T): void;
}

/** The handlers of an informer. One that is added or removed while others are told is not told of that change twice or half. */
export class HandlerSet<T extends KubeObject> {
  readonly #handlers = new Set<ChangeHandler<T>>();

  add(handler: ChangeHandler<T>): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  onAdd(object: T): void {
    for (const handler of [...this.#handlers]) handler.onAdd?.(object);
  }

  onUpdate(before: T, after: T): void {
    for (const handler of [...this.#handlers]) handler.onUpdate?.(before, after);
  }

  onDelete(object: T): void {
    for (const handler of [...this.#handlers]) handler.onDelete?.(object);
  }
}
