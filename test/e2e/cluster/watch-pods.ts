import type { Pod } from '../../../src/control/api/gen/core-v1.js';
import { resources } from '../../../src/control/client/index.js';
import { until } from '../../client/until.js';
import type { Place } from './place.js';

/** Sees every state that the pods of a place go through, in order. */
export class PodWatch {
  /** The pods of now, by name. */
  readonly pods = new Map<string, Pod>();
  readonly #place: Place;
  readonly #abort = new AbortController();
  #end: Promise<void> = Promise.resolve();

  private constructor(place: Place) {
    this.#place = place;
  }

  /** Begins; `look` is called after each change. */
  static async start(place: Place, look: (pods: readonly Pod[], changed: Pod) => void) {
    const watch = new PodWatch(place);
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

  /** Waits until it has seen all that is so by now: a watch may be behind what is listed. */
  async caughtUp(): Promise<void> {
    const seen = until('the watch has seen what is listed', async () => {
      return statesOf(await this.#place.pods()) === statesOf([...this.pods.values()]);
    });
    await Promise.race([seen, this.#end]);
  }

  /** Ends once it has caught up; rejects when the watch broke before, or a look at the pods failed. */
  async stop(): Promise<void> {
    await this.caughtUp();
    this.#abort.abort();
    await this.#end;
  }
}

function statesOf(pods: readonly Pod[]): string {
  return pods
    .map(({ metadata }) => `${metadata?.name} ${metadata?.resourceVersion}`)
    .sort()
    .join();
}
