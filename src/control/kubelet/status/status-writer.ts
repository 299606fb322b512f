import type { Clock } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import type { Pod, PodStatus } from '../../api/gen/core-v1.js';
import { type ControlClient, resources, runWorkers, WorkQueue } from '../../client/index.js';
import { StatusError } from '../../machinery/status.js';
import { statusPatch } from './status-patch.js';

interface Wanted {
  readonly pod: Pod;
  readonly status: PodStatus;
  /** Nothing of it runs: a pod that was deleted goes. */
  readonly isFinal: boolean;
}

const writers = 8;

/** Writes pods' statuses behind, the newest of each alone, and only what is news; tries again until the API server has it. */
export class StatusWriter {
  readonly #client: ControlClient;
  readonly #logger: Logger;
  readonly #queue: WorkQueue;
  /** By the uid of the pod in the API. */
  readonly #wanted = new Map<string, Wanted>();
  /** What our last write made of a pod, until the informer is as far. */
  readonly #written = new Map<string, Pod>();

  constructor(client: ControlClient, clock: Clock, logger: Logger) {
    this.#client = client;
    this.#logger = logger;
    this.#queue = new WorkQueue(clock, { baseMs: 100, maxMs: 10_000 });
  }

  async run(signal: AbortSignal): Promise<void> {
    const reconcile = (uid: string) => this.#write(uid, signal);
    await runWorkers({
      ...{ queue: this.#queue, workers: writers, logger: this.#logger, reconcile, signal },
    });
  }

  /** The status that a pod of the API is to have. */
  set(pod: Pod, status: PodStatus, isFinal: boolean): void {
    const { uid = '' } = pod.metadata;
    this.#wanted.set(uid, { pod, status, isFinal });
    this.#queue.add(uid);
  }

  /** The pod as it is known to be in the API: `pod`, or what we made of it since. */
  latest(pod: Pod): Pod {
    const { uid = '', resourceVersion } = pod.metadata;
    const written = this.#written.get(uid);
    if (written === undefined) return pod;
    if (Number(written.metadata.resourceVersion) > Number(resourceVersion)) {
      const { status } = written;
      return status === undefined ? pod : { ...pod, status };
    }
    return pod;
  }

  /** The pod is not in the API any more. */
  forget(uid: string): void {
    this.#wanted.delete(uid);
    this.#written.delete(uid);
  }

  async #write(uid: string, signal: AbortSignal): Promise<void> {
    const wanted = this.#wanted.get(uid);
    if (wanted === undefined) return;
    const { pod, status, isFinal } = wanted;
    const { name = '', namespace = '', deletionTimestamp } = pod.metadata;
    const pods = this.#client.objects(resources.pods);
    const patch = statusPatch(this.latest(pod), status);
    try {
      if (patch !== null) {
        const options = { subresource: 'status', signal };
        const written = await pods.patch({ namespace, name }, 'strategic', patch, options);
        this.#written.set(uid, written);
      }
      if (isFinal && deletionTimestamp !== undefined) {
        const options = { gracePeriodSeconds: 0, preconditions: { uid }, signal };
        await pods.delete({ namespace, name }, options);
      }
    } catch (error) {
      if (!isGone(error)) throw error;
      this.forget(uid);
      return;
    }
    // What was wanted meanwhile has added the key again.
    if (this.#wanted.get(uid) === wanted) this.#wanted.delete(uid);
  }
}

/** It is not there any more, or another of its name is. */
function isGone(error: unknown): boolean {
  return error instanceof StatusError && (error.reason === 'NotFound' || error.code === 409);
}
