import type { Pod } from '../../../src/control/api/gen/core-v1.js';
import { resources } from '../../../src/control/client/index.js';
import type { Place } from './place.js';

/** Sees every state that the pods of a place go through, in order. */
export class PodWatch {
  /** The pods of now, by name. */
  readonly pods = new Map<string, Pod>();
  readonly #abort = new AbortController();
  #end: Promise<void> = Promise.resolve();

  /** Begins; `look` is called after each change. */
  static async start(place: Place, look: (pods: readonly Pod[], changed: Pod) => void) {
    const watch = new PodWatch();
    const client = place.cluster.client.objects(resources.pods);
    const { namespace } = place;
    const { items, resourceVersion } = await client.list({ namespace });
    for (const pod of items) watch.pods.set(pod.metadata?.name ?? '', pod);
    const { signal } = watch.#abort;
    const follow = async () => {
      for await (const { type, object } of client.watch({ namespace, resourceVersion, signal })) {
        const name = object.metadata?.name ?? '';
        if (type === 'DELETED') watch.pods.delete(name);
        else watch.pods.set(name, object);
        look([...watch.pods.values()], object);
      }
    };
    watch.#end = follow().catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    // A scenario that fails does not stop it.
    watch.#end.catch(() => undefined);
    return watch;
  }

  /** Ends; rejects when the watch broke before, or a look at the pods failed. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#end;
  }
}
