import type { Node } from '../../api/gen/core-v1.js';
import { type Informer, resources, WorkQueue } from '../../client/index.js';
import type { Controller, ControllerParts } from '../controller.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { ignoreNotFound } from '../runtime/write-failures.js';
import { ttlAnnotation, ttlSecondsFor } from './plan.js';

const workers = 5;

/** Tells each node how long it may use what it has read, by the size of the cluster. */
export class NodeTtlController implements Controller {
  readonly name = 'ttl-controller';
  readonly #parts: ControllerParts;
  /** Of nodes. */
  readonly #queue: WorkQueue;
  readonly #nodes: Informer<Node>;
  /** Null until the nodes are known. */
  #ttlSeconds: number | null = null;

  constructor(parts: ControllerParts) {
    this.#parts = parts;
    this.#queue = new WorkQueue(parts.clock);
    this.#nodes = parts.informers.of(resources.nodes);
    this.#nodes.addHandler({
      onAdd: (node) => this.#onChange(node),
      onUpdate: (_, node) => this.#onChange(node),
      onDelete: () => this.#measure(),
    });
  }

  run(signal: AbortSignal): Promise<void> {
    return reconcileLoop({
      ...{ parts: this.#parts, name: 'ttlcontroller', queue: this.#queue, signal, workers },
      informers: [this.#nodes],
      reconcile: (name) => this.#reconcile(name, signal),
    });
  }

  #onChange({ metadata }: Node): void {
    this.#measure();
    if (metadata.annotations?.[ttlAnnotation] !== String(this.#ttlSeconds)) {
      this.#queue.add(metadata.name ?? '');
    }
  }

  #measure(): void {
    const ttlSeconds = ttlSecondsFor(this.#nodes.lister.size, this.#ttlSeconds);
    if (ttlSeconds === this.#ttlSeconds) return;
    this.#ttlSeconds = ttlSeconds;
    for (const { metadata } of this.#nodes.lister.all()) this.#queue.add(metadata.name ?? '');
  }

  async #reconcile(name: string, signal: AbortSignal): Promise<void> {
    const node = this.#nodes.lister.byKey(name);
    const wanted = String(this.#ttlSeconds ?? 0);
    if (node === undefined || node.metadata.annotations?.[ttlAnnotation] === wanted) return;
    const patch = { metadata: { annotations: { [ttlAnnotation]: wanted } } };
    const nodes = this.#parts.client.objects(resources.nodes);
    await nodes.patch({ name }, 'merge', patch, { signal }).catch(ignoreNotFound);
  }
}
