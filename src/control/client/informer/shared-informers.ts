import { setMaxListeners } from 'node:events';
import type { Clock } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import type { Prng } from '../../../base/prng.js';
import { apiVersionOf, type KubeObject } from '../../machinery/object.js';
import type { ApiResource } from '../api-resource.js';
import type { ControlClient } from '../control-client.js';
import { Informer } from './informer.js';
import type { IndexFunction } from './object-cache.js';

/** What shared informers are made with. */
export interface SharedInformersOptions {
  readonly client: ControlClient;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger: Logger;
}

/** How an informer is wanted. */
export interface SharedInformerNeeds<T extends KubeObject> {
  /** Added to those that the informer has; of one name, the first to come is kept: use names that say what they index by. */
  readonly indexes?: Readonly<Record<string, IndexFunction<T>>>;
}

/**
 * One informer a resource for everybody in a program: each watches all namespaces, without a selector. Managed fields are not kept.
 * Those that are asked for run from `run` on, or at once when that was called before.
 */
export class SharedInformers {
  readonly #options: SharedInformersOptions;
  readonly #informers = new Map<string, Informer<KubeObject>>();
  readonly #runs = new Set<Promise<void>>();
  #signal: AbortSignal | null = null;
  #onFailure: (error: unknown) => void = () => {};

  constructor(options: SharedInformersOptions) {
    this.#options = options;
  }

  /** The informer of a resource. What its lister gives is shared: nobody changes it. */
  of<T extends KubeObject>(
    resource: ApiResource<T>,
    { indexes = {} }: SharedInformerNeeds<T> = {},
  ): Informer<T> {
    const existing = this.find(resource);
    if (existing !== undefined) {
      existing.addIndexes(indexes);
      return existing;
    }
    const { client, ...parts } = this.#options;
    const informer = new Informer<T>({
      ...parts,
      ...{ objects: client.objects(resource), indexes, keep: withoutManagedFields },
      // Else a leader might not see what the one before it has written, and do it again.
      beginsLatest: client.isFenced,
    });
    this.#informers.set(keyOf(resource), informer as unknown as Informer<KubeObject>);
    if (this.#signal !== null) this.#start(informer, this.#signal);
    return informer;
  }

  /** The informer of a resource that somebody has asked for already. */
  find<T extends KubeObject>(resource: ApiResource<T>): Informer<T> | undefined {
    return this.#informers.get(keyOf(resource)) as Informer<T> | undefined;
  }

  /** Runs them until the signal aborts. Once. Rejects for bugs alone. */
  async run(signal: AbortSignal): Promise<void> {
    setMaxListeners(0, signal);
    this.#signal = signal;
    const failed = new Promise<never>((_, reject) => {
      this.#onFailure = reject;
    });
    for (const informer of this.#informers.values()) this.#start(informer, signal);
    const ended = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([ended, failed]);
    await Promise.all(this.#runs);
  }

  /** Resolves when all that were asked for so far have their first list. Rejects with the signal's reason. */
  async untilSynced(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#informers.values()].map((each) => each.untilSynced(signal)));
  }

  #start<T extends KubeObject>(informer: Informer<T>, signal: AbortSignal): void {
    const run = informer
      .run(signal)
      .catch((error: unknown) => this.#onFailure(error))
      .finally(() => this.#runs.delete(run));
    this.#runs.add(run);
  }
}

function keyOf(resource: ApiResource): string {
  return `${apiVersionOf(resource)}/${resource.resource}`;
}

function withoutManagedFields<T extends KubeObject>(object: T): T {
  delete object.metadata.managedFields;
  return object;
}
