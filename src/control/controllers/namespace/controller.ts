import type { Namespace } from '../../api/gen/core-v1.js';
import { Informer, resources, runWorkers, WorkQueue } from '../../client/index.js';
import { StatusError } from '../../machinery/status.js';
import { formatTime } from '../../machinery/time.js';
import type { Controller, StandaloneParts } from '../controller.js';
import { emptyNamespace } from './content.js';
import { finalized, isEmptied, isToEmpty, type Remains, withConditions } from './plan.js';

const workers = 4;
/** What waits for finalizers or grace periods is looked at again so soon at first, then less and less often. */
const pauses = { baseMs: 50, maxMs: 15_000 };

/** Takes the content of a namespace that is being deleted away, and then the namespace. */
export class NamespaceController implements Controller {
  readonly name = 'namespace-controller';
  readonly #parts: StandaloneParts;

  constructor(parts: StandaloneParts) {
    this.#parts = parts;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { client, clock, logger } = this.#parts;
    const queue = new WorkQueue(clock, pauses);
    const informer = new Informer({
      ...this.#parts,
      objects: client.objects(resources.namespaces),
    });
    const enqueue = (namespace: Namespace) => {
      if (isToEmpty(namespace)) queue.add(namespace.metadata.name ?? '');
    };
    informer.addHandler({
      onAdd: enqueue,
      onUpdate: (before, after) => {
        // Its own conditions are no reason to look again.
        if (!isToEmpty(before)) enqueue(after);
      },
    });
    const reconcile = async (name: string) => {
      if (!(await this.#reconcile(name, signal))) queue.addRateLimited(name);
      else queue.forget(name);
    };
    await Promise.all([
      informer.run(signal),
      runWorkers({ queue, workers, logger, reconcile, signal, forgets: false }),
    ]);
  }

  /** True: the namespace needs nothing more. */
  async #reconcile(name: string, signal: AbortSignal): Promise<boolean> {
    const namespaces = this.#parts.client.objects(resources.namespaces);
    const namespace = await namespaces.get({ name }, { signal }).catch(nullIfGone);
    if (namespace === null || !isToEmpty(namespace)) return true;
    const remains = await emptyNamespace(this.#parts.client, name, signal);
    if (!isEmptied(remains)) {
      await this.#report(namespace, remains, signal);
      return false;
    }
    await namespaces
      .update(finalized(namespace), { subresource: 'finalize', signal })
      .catch(nullIfGone);
    return true;
  }

  async #report(namespace: Namespace, remains: Remains, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#parts;
    const told = withConditions(namespace, remains, formatTime(clock.wallTime()));
    if (told === null) return;
    await client.objects(resources.namespaces).updateStatus(told, { signal }).catch(nullIfGone);
  }
}

function nullIfGone(error: unknown): null {
  if (error instanceof StatusError && error.reason === 'NotFound') return null;
  throw error;
}
