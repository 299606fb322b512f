import type { Clock } from '../../../base/clock.js';
import type { ConfigMap, Secret } from '../../api/gen/core-v1.js';
import { type ControlClient, keyOf, type ResourceClient, resources } from '../../client/index.js';
import type { KubeObject } from '../../machinery/object.js';
import { StatusError } from '../../machinery/status.js';

interface Kept {
  readonly atMs: number;
  readonly object: Promise<KubeObject | null>;
}

/** Old entries are dropped when there are more than this. */
const keptMax = 2000;

/**
 * The config maps and secrets that pods name, asked for one by one, as a node is allowed to. What was asked for a short while ago is not
 * asked for again by those who merely look for changes.
 */
export class ReferencedObjects {
  readonly #client: ControlClient;
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();

  constructor(client: ControlClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Null: it is not there. Rejects with StatusError or UnreachableError. */
  configMap(namespace: string, name: string, ageMsMax = 0): Promise<ConfigMap | null> {
    return this.#get(this.#client.objects(resources.configMaps), namespace, name, ageMsMax);
  }

  secret(namespace: string, name: string, ageMsMax = 0): Promise<Secret | null> {
    return this.#get(this.#client.objects(resources.secrets), namespace, name, ageMsMax);
  }

  async #get<T extends KubeObject>(
    objects: ResourceClient<T>,
    namespace: string,
    name: string,
    ageMsMax: number,
  ): Promise<T | null> {
    const key = `${objects.resource.kind}/${keyOf(namespace, name)}`;
    const nowMs = this.#clock.now();
    const known = this.#kept.get(key);
    if (known !== undefined && ageMsMax > 0 && nowMs - known.atMs < ageMsMax) {
      return (await known.object) as T | null;
    }
    const object = objects.get({ namespace, name }).catch((error: unknown) => {
      if (error instanceof StatusError && error.reason === 'NotFound') return null;
      throw error;
    });
    this.#kept.set(key, { atMs: nowMs, object });
    object.catch(() => this.#kept.delete(key));
    if (this.#kept.size > keptMax) {
      const [oldest] = this.#kept.keys();
      if (oldest !== undefined) this.#kept.delete(oldest);
    }
    return await object;
  }
}
