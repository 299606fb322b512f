import type { Clock } from '../../../base/clock.js';
import type { Prng } from '../../../base/prng.js';
import type { Pod } from '../../api/gen/core-v1.js';
import { type ControlClient, type EventRecorder, resources } from '../../client/index.js';
import type { KubeObject } from '../../machinery/object.js';
import { generateName } from '../../machinery/object-meta.js';
import { StatusError } from '../../machinery/status.js';
import {
  isAlreadyExists,
  isConflict,
  isNamespaceTerminating,
  isNotFound,
} from '../runtime/write-failures.js';
import { untilCertain } from './certain-write.js';
import { isControlledBy } from './owner.js';

type Control = { readonly signal?: AbortSignal };

/** What pods are made and deleted with. */
export interface PodControlParts {
  readonly client: ControlClient;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly prng: Prng;
}

/** So long a write is repeated of which nobody knows whether it was made. */
const patienceMs = 30_000;
/** Names that are tried before a generated one is given up. */
const namesMax = 8;

/**
 * Makes and deletes pods for their owners, and tells of it in events of the owners. What it resolves or rejects with is what became of
 * the pod, also when answers are lost on the way: no pod is made twice, or deleted in place of one that was deleted already. Only when a
 * write stays without an answer for half a minute nobody knows. Everything else rejects as the client does.
 */
export class PodControl {
  readonly #parts: PodControlParts;

  constructor({ client, events, clock, prng }: PodControlParts) {
    this.#parts = { client, events, clock, prng };
  }

  /** The pod as the server made it. Its name is drawn here, so that making it again makes the same one. */
  async create(owner: KubeObject, pod: Pod, control: Control = {}): Promise<Pod> {
    try {
      const made = await this.#make(owner, pod, control);
      const text = `Created pod: ${made.metadata.name ?? ''}`;
      this.#parts.events.event(owner, 'Normal', 'SuccessfulCreate', text);
      return made;
    } catch (error) {
      if (!isNamespaceTerminating(error))
        this.#warn(owner, 'FailedCreate', 'Error creating', error);
      throw error;
    }
  }

  /** Deletes this pod, not another that has its name by now. A pod that was gone before rejects with NotFound, and nothing is told. */
  async delete(owner: KubeObject, pod: Pod, control: Control = {}): Promise<void> {
    const { namespace = '', name = '', uid } = pod.metadata;
    try {
      const preconditions = uid === undefined ? {} : { preconditions: { uid } };
      const options = { ...control, ...preconditions };
      const pods = this.#parts.client.objects(resources.pods);
      await this.#certainly(async (isRepeat) => {
        try {
          await pods.delete({ namespace, name }, options);
        } catch (error) {
          // An earlier attempt, whose answer was lost, has deleted it.
          if (!isRepeat || (!isNotFound(error) && !isConflict(error))) throw error;
        }
      }, control);
    } catch (error) {
      // A conflict: another pod has the name by now, and the one that was meant is gone.
      if (!isNotFound(error) && !isConflict(error)) {
        this.#warn(owner, 'FailedDelete', 'Error deleting', error);
      }
      throw error;
    }
    this.#parts.events.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`);
  }

  async #make(owner: KubeObject, pod: Pod, control: Control): Promise<Pod> {
    const { name, generateName: prefix = '' } = pod.metadata;
    if (name !== undefined) return this.#makeNamed(owner, pod, control);
    for (let tried = 1; ; tried++) {
      const metadata = { ...pod.metadata, name: generateName(prefix, this.#parts.prng) };
      try {
        return await this.#makeNamed(owner, { ...pod, metadata }, control);
      } catch (error) {
        if (!isAlreadyExists(error) || tried === namesMax) {
          throw withoutName(error, metadata.name, prefix);
        }
      }
    }
  }

  /** When an answer was lost, the owner's pod of this name is the one that was made. */
  async #makeNamed(owner: KubeObject, pod: Pod, control: Control): Promise<Pod> {
    const { client } = this.#parts;
    const { namespace = '', name = '' } = pod.metadata;
    return this.#certainly(async (isRepeat) => {
      try {
        return await client.objects(resources.pods).create(pod, control);
      } catch (error) {
        if (!isRepeat || !isAlreadyExists(error)) throw error;
        const there = await client.objects(resources.pods).get({ namespace, name }, control);
        if (!isControlledBy(there, owner)) throw error;
        return there;
      }
    }, control);
  }

  #certainly<T>(write: (isRepeat: boolean) => Promise<T>, { signal }: Control): Promise<T> {
    return untilCertain(write, { clock: this.#parts.clock, patienceMs, signal });
  }

  #warn(owner: KubeObject, reason: string, what: string, error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    this.#parts.events.event(owner, 'Warning', reason, `${what}: ${text}`);
  }
}

/** What the server says of a pod whose name it would have generated: equal failures are told in equal words. */
function withoutName(error: unknown, name: string, prefix: string): unknown {
  if (!(error instanceof StatusError)) return error;
  const { status } = error;
  const message = (status.message ?? '').replaceAll(JSON.stringify(name), JSON.stringify(prefix));
  return new StatusError({ ...status, message }, { cause: error });
}
