import type { Pod } from '../../api/gen/core-v1.js';
import { type ControlClient, type EventRecorder, resources } from '../../client/index.js';
import type { KubeObject } from '../../machinery/object.js';
import { isConflict, isNamespaceTerminating, isNotFound } from '../runtime/write-failures.js';

type Control = { readonly signal?: AbortSignal };

/** Makes and deletes pods for their owners, and tells of it in events of the owners. Everything rejects as the client does. */
export class PodControl {
  readonly #client: ControlClient;
  readonly #events: EventRecorder;

  constructor({
    client,
    events,
  }: { readonly client: ControlClient; readonly events: EventRecorder }) {
    this.#client = client;
    this.#events = events;
  }

  /** The pod as the server made it. */
  async create(owner: KubeObject, pod: Pod, control: Control = {}): Promise<Pod> {
    try {
      const made = await this.#client.objects(resources.pods).create(pod, control);
      const text = `Created pod: ${made.metadata.name ?? ''}`;
      this.#events.event(owner, 'Normal', 'SuccessfulCreate', text);
      return made;
    } catch (error) {
      if (!isNamespaceTerminating(error))
        this.#warn(owner, 'FailedCreate', 'Error creating', error);
      throw error;
    }
  }

  /** Deletes this pod, not another that has its name by now. A pod that is gone rejects with NotFound, and nothing is told. */
  async delete(owner: KubeObject, pod: Pod, control: Control = {}): Promise<void> {
    const { namespace = '', name = '', uid } = pod.metadata;
    try {
      const preconditions = uid === undefined ? {} : { preconditions: { uid } };
      const options = { ...control, ...preconditions };
      await this.#client.objects(resources.pods).delete({ namespace, name }, options);
    } catch (error) {
      // A conflict: another pod has the name by now, and the one that was meant is gone.
      if (!isNotFound(error) && !isConflict(error)) {
        this.#warn(owner, 'FailedDelete', 'Error deleting', error);
      }
      throw error;
    }
    this.#events.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`);
  }

  #warn(owner: KubeObject, reason: string, what: string, error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    this.#events.event(owner, 'Warning', reason, `${what}: ${text}`);
  }
}
