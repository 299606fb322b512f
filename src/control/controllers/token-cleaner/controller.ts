import type { Secret } from '../../api/gen/core-v1.js';
import { type Informer, objectKey, resources, splitKey, WorkQueue } from '../../client/index.js';
import { expirationOf, isTokenSecret } from '../bootstrap-tokens/bootstrap-token.js';
import type { Controller, ControllerParts } from '../controller.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { ignoreNotFound } from '../runtime/write-failures.js';

const workers = 1;

/** Deletes bootstrap tokens when their time is over. */
export class TokenCleaner implements Controller {
  readonly name = 'token-cleaner-controller';
  readonly #parts: ControllerParts;
  readonly #queue: WorkQueue;
  readonly #secrets: Informer<Secret>;

  constructor(parts: ControllerParts) {
    this.#parts = parts;
    this.#queue = new WorkQueue(parts.clock);
    this.#secrets = parts.informers.of(resources.secrets);
    const onChange = (secret: Secret) => {
      if (isTokenSecret(secret)) this.#queue.add(objectKey(secret));
    };
    this.#secrets.addHandler({ onAdd: onChange, onUpdate: (_, after) => onChange(after) });
  }

  run(signal: AbortSignal): Promise<void> {
    return reconcileLoop({
      ...{ parts: this.#parts, name: 'token_cleaner', queue: this.#queue, signal, workers },
      informers: [this.#secrets],
      reconcile: (key) => this.#reconcile(key, signal),
    });
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const secret = this.#secrets.lister.byKey(key);
    if (secret === undefined || !isTokenSecret(secret)) return;
    const expiresMs = expirationOf(secret);
    if (expiresMs === null) return;
    const leftMs = expiresMs === 'invalid' ? 0 : expiresMs - this.#parts.clock.wallTime();
    if (leftMs > 0) {
      this.#queue.addAfter(key, leftMs);
      return;
    }
    const { uid } = secret.metadata;
    const preconditions = uid === undefined ? {} : { uid };
    const secrets = this.#parts.client.objects(resources.secrets);
    await secrets.delete(splitKey(key), { preconditions, signal }).catch(ignoreNotFound);
  }
}
