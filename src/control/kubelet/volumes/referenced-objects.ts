import type { Clock } from '../../../base/clock.js';
import type {
  ConfigMap,
  PersistentVolume,
  PersistentVolumeClaim,
  Secret,
} from '../../api/gen/core-v1.js';
import { type ControlClient, keyOf, type ResourceClient, resources } from '../../client/index.js';
import type { KubeObject } from '../../machinery/object.js';
import { StatusError } from '../../machinery/status.js';
import { orLastKnown } from './last-known.js';

interface Kept {
  readonly atMs: number;
  readonly object: Promise<KubeObject | null>;
}

/** Old entries are dropped when there are more than this. */
const keptMax = 2000;

/**
 * The objects that pods name, asked for one by one, as a node is allowed to. What was asked for a short while ago is not asked for again by
 * those who merely look for changes; and where the API server does not answer, they are as they were last.
 */
export class ReferencedObjects {
  readonly #client: ControlClient;
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();
  /** What the last answers were. */
  readonly #known = new Map<string, KubeObject | null>();

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

  claim(namespace: string, name: string): Promise<PersistentVolumeClaim | null> {
    return this.#get(this.#client.objects(resources.persistentVolumeClaims), namespace, name, 0);
  }

  volume(name: string): Promise<PersistentVolume | null> {
    return this.#get(this.#client.objects(resources.persistentVolumes), '', name, 0);
  }

  async #get<T extends KubeObject>(
    objects: ResourceClient<T>,
    namespace: string,
    name: string,
    ageMsMax: number,
  ): Promise<T | null> {
    const key = `${objects.resource.kind}/${keyOf(namespace, name)}`;
    const nowMs = this.#clock.now();
    const kept = this.#kept.get(key);
    if (kept !== undefined && ageMsMax > 0 && nowMs - kept.atMs < ageMsMax) {
      return (await kept.object) as T | null;
    }
    const known = this.#known.get(key) as T | null | undefined;
    const object = orLastKnown(this.#ask(objects, key, { namespace, name }), {
      ...{ clock: this.#clock, known: known === undefined ? null : { value: known } },
    });
    keep(this.#kept, key, { atMs: nowMs, object });
    object.catch(() => this.#kept.delete(key));
    return await object;
  }

  async #ask<T extends KubeObject>(
    objects: ResourceClient<T>,
    key: string,
    { namespace, name }: { readonly namespace: string; readonly name: string },
  ): Promise<T | null> {
    const place = namespace === '' ? { name } : { namespace, name };
    const object = await objects.get(place).catch((error: unknown) => {
      if (error instanceof StatusError && error.reason === 'NotFound') return null;
      throw error;
    });
    keep(this.#known, key, object);
    return object;
  }
}

/** Puts an entry at the end of a map that has a bound. */
function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= keptMax) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
