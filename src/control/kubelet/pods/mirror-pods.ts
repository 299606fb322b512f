import type { Logger } from '../../../base/logger.js';
import type { Pod } from '../../api/gen/core-v1.js';
import { type ControlClient, objectKey, resources, UnreachableError } from '../../client/index.js';
import { StatusError } from '../../machinery/status.js';
import { isMirrorOf, isMirrorPod, mirrorOf } from './static-pods.js';

/** Keeps a pod in the API for each static one, so that others see it and its status. */
export class MirrorPods {
  readonly #client: ControlClient;
  readonly #logger: Logger;
  readonly #nodeUid: () => string;
  /** Static pods by key. */
  #wanted: ReadonlyMap<string, Pod> = new Map();
  /** Mirrors that are in the API, by key. */
  readonly #known = new Map<string, Pod>();

  constructor(client: ControlClient, logger: Logger, nodeUid: () => string) {
    this.#client = client;
    this.#logger = logger;
    this.#nodeUid = nodeUid;
  }

  /** The static pods of the node. */
  want(pods: readonly Pod[]): void {
    this.#wanted = new Map(pods.map((pod) => [objectKey(pod), pod]));
  }

  /** The API has this mirror, or has not (any more). */
  onMirror(pod: Pod, isThere: boolean): void {
    if (isThere) this.#known.set(objectKey(pod), pod);
    else this.#known.delete(objectKey(pod));
  }

  /** The mirror of a static pod; null: it is not there yet. */
  of(pod: Pod): Pod | null {
    const mirror = this.#known.get(objectKey(pod));
    return mirror !== undefined && isMirrorOf(mirror, pod) ? mirror : null;
  }

  /** Makes what is missing and deletes what is too much. */
  async reconcile(): Promise<void> {
    for (const [key, pod] of this.#wanted) {
      if (!this.#known.has(key)) await this.#tried(() => this.#create(pod));
    }
    for (const [key, mirror] of this.#known) {
      const pod = this.#wanted.get(key);
      if (pod === undefined || !isMirrorOf(mirror, pod))
        await this.#tried(() => this.#delete(mirror));
    }
  }

  async #create(pod: Pod): Promise<void> {
    const made = await this.#client.objects(resources.pods).create(mirrorOf(pod, this.#nodeUid()));
    this.onMirror(made, true);
  }

  async #delete(mirror: Pod): Promise<void> {
    if (!isMirrorPod(mirror)) return;
    const { name = '', namespace = '', uid = '' } = mirror.metadata;
    const options = { gracePeriodSeconds: 0, preconditions: { uid } };
    await this.#client.objects(resources.pods).delete({ name, namespace }, options);
  }

  /** What fails now is tried again when this is called next. */
  async #tried(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const isOperating = error instanceof StatusError || error instanceof UnreachableError;
      if (!isOperating) throw error;
      this.#logger.debug('a mirror pod is not as it should be', { error: error.message });
    }
  }
}
