import type { Node, PersistentVolume } from '../../api/gen/core-v1.js';
import { type Informer, resources, WorkQueue } from '../../client/index.js';
import type { JsonObject } from '../../machinery/json.js';
import type { Controller, ControllerParts } from '../controller.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { ignoreNotFound } from '../runtime/write-failures.js';
import { askedNodes, hostPathFinalizer, planCleaning, removalMark } from './plan.js';

/** Has the kubelets of nodes remove the folders of volumes that the host-path provisioner made, when the volumes are deleted. */
export class HostPathCleaner implements Controller {
  readonly name = 'host-path-volume-cleaner-controller';
  readonly #parts: ControllerParts;
  /** Of volumes. */
  readonly #queue: WorkQueue;
  readonly #volumes: Informer<PersistentVolume>;
  readonly #nodes: Informer<Node>;

  constructor(parts: ControllerParts) {
    this.#parts = parts;
    this.#queue = new WorkQueue(parts.clock);
    this.#volumes = parts.informers.of(resources.persistentVolumes);
    this.#nodes = parts.informers.of(resources.nodes);
    const look = ({ metadata }: PersistentVolume) => this.#queue.add(metadata.name ?? '');
    this.#volumes.addHandler({ onAdd: look, onUpdate: (_, after) => look(after) });
    const lookAtAll = () => {
      for (const volume of this.#volumes.lister.all())
        if (volume.metadata.deletionTimestamp !== undefined) look(volume);
    };
    this.#nodes.addHandler({
      onUpdate: (before, after) => {
        if (before.metadata.annotations !== after.metadata.annotations) lookAtAll();
      },
      onDelete: lookAtAll,
    });
  }

  run(signal: AbortSignal): Promise<void> {
    return reconcileLoop({
      ...{ parts: this.#parts, name: 'host_path_cleaner', queue: this.#queue, signal },
      ...{ informers: [this.#volumes, this.#nodes], workers: 1 },
      reconcile: (name) => this.#reconcile(name, signal),
    });
  }

  async #reconcile(name: string, signal: AbortSignal): Promise<void> {
    const volume = this.#volumes.lister.byKey(name);
    if (volume === undefined) return;
    const action = planCleaning(volume, this.#nodes.lister.all());
    const { finalizers = [] } = volume.metadata;
    switch (action.kind) {
      case 'wait':
        return;
      case 'hold':
        return this.#change(volume, { finalizers: [...finalizers, hostPathFinalizer] }, signal);
      case 'ask':
        for (const node of action.nodes) await this.#ask(node, name, action.path, signal);
        return this.#change(
          volume,
          { annotations: { [askedNodes]: action.nodes.join(',') } },
          signal,
        );
      case 'let-go': {
        const others = finalizers.filter((each) => each !== hostPathFinalizer);
        return this.#change(volume, { finalizers: others }, signal);
      }
    }
  }

  async #ask(node: string, volume: string, path: string, signal: AbortSignal): Promise<void> {
    const patch = { metadata: { annotations: { [removalMark(volume)]: path } } };
    const nodes = this.#parts.client.objects(resources.nodes);
    await nodes.patch({ name: node }, 'merge', patch, { signal }).catch(ignoreNotFound);
  }

  /** Of the volume as it was seen: a conflict is tried again. */
  async #change(
    { metadata: { name = '', resourceVersion = '' } }: PersistentVolume,
    change: JsonObject,
    signal: AbortSignal,
  ): Promise<void> {
    const volumes = this.#parts.client.objects(resources.persistentVolumes);
    const patch = { metadata: { resourceVersion, ...change } };
    await volumes.patch({ name }, 'merge', patch, { signal }).catch(ignoreNotFound);
  }
}
