import { type ApiResource, type Informer, objectKey, WorkQueue } from '../../client/index.js';
import type { KubeObject } from '../../machinery/object.js';
import type { Controller, ControllerParts } from '../controller.js';
import { reconcileLoop, type Synced } from '../runtime/reconcile-loop.js';
import { ignoreNotFound } from '../runtime/write-failures.js';
import { planProtection, withFinalizer } from './plan.js';

/** What is protected, and from what. */
export interface ProtectionRules<T extends KubeObject> {
  readonly name: string;
  /** Of the queue in the metrics. */
  readonly queueName: string;
  readonly resource: ApiResource<T>;
  readonly finalizer: string;
  /** Whether somebody uses the object, as far as informers know. */
  readonly isUsed: (object: T) => boolean;
  /** The same, of the server: asked before an object is let go. */
  readonly isUsedForSure: (object: T, signal: AbortSignal) => Promise<boolean>;
  /** Besides that of the objects themselves. */
  readonly informers: readonly Synced[];
}

const workers = 1;

/** Keeps objects of one resource from going while they are used: a finalizer holds them. */
export class Protection<T extends KubeObject> implements Controller {
  readonly name: string;
  readonly #parts: ControllerParts;
  readonly #rules: ProtectionRules<T>;
  readonly #queue: WorkQueue;
  readonly #objects: Informer<T>;

  constructor(parts: ControllerParts, rules: ProtectionRules<T>) {
    this.name = rules.name;
    this.#parts = parts;
    this.#rules = rules;
    this.#queue = new WorkQueue(parts.clock);
    this.#objects = parts.informers.of(rules.resource);
    const look = (object: T) => this.look(objectKey(object));
    this.#objects.addHandler({ onAdd: look, onUpdate: (_, after) => look(after) });
  }

  /** Who used the object may not use it any more. */
  look(key: string): void {
    this.#queue.add(key);
  }

  run(signal: AbortSignal): Promise<void> {
    const { queueName, informers } = this.#rules;
    return reconcileLoop({
      ...{ parts: this.#parts, name: queueName, queue: this.#queue, workers, signal },
      informers: [this.#objects, ...informers],
      reconcile: (key) => this.#reconcile(key, signal),
    });
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const object = this.#objects.lister.byKey(key);
    if (object === undefined) return;
    const { resource, finalizer, isUsed, isUsedForSure } = this.#rules;
    let step = planProtection(object, finalizer, isUsed(object));
    if (step === 'nothing') return;
    if (step === 'ask') {
      if (await isUsedForSure(object, signal)) return;
      step = 'remove';
    }
    const next = withFinalizer(object, finalizer, step);
    await this.#parts.client.objects(resource).update(next, { signal }).catch(ignoreNotFound);
  }
}
