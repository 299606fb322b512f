import type { CertificateSigningRequest } from '../../api/gen/certificates-v1.js';
import { type Informer, resources, WorkQueue } from '../../client/index.js';
import type { Controller, ControllerParts } from '../controller.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { ignoreNotFound } from '../runtime/write-failures.js';
import { uselessFromMs } from './plan.js';

const workers = 1;

/** Deletes certificate requests that nobody needs any more: an hour after they were decided, and those that nobody decides. */
export class CertificateCleaner implements Controller {
  readonly name = 'certificatesigningrequest-cleaner-controller';
  readonly #parts: ControllerParts;
  readonly #queue: WorkQueue;
  readonly #requests: Informer<CertificateSigningRequest>;

  constructor(parts: ControllerParts) {
    this.#parts = parts;
    this.#queue = new WorkQueue(parts.clock);
    this.#requests = parts.informers.of(resources.certificateSigningRequests);
    const onChange = ({ metadata }: CertificateSigningRequest) =>
      this.#queue.add(metadata.name ?? '');
    this.#requests.addHandler({ onAdd: onChange, onUpdate: (_, after) => onChange(after) });
  }

  run(signal: AbortSignal): Promise<void> {
    return reconcileLoop({
      ...{ parts: this.#parts, name: 'certificate_cleaner', queue: this.#queue, signal, workers },
      informers: [this.#requests],
      reconcile: (name) => this.#reconcile(name, signal),
    });
  }

  async #reconcile(name: string, signal: AbortSignal): Promise<void> {
    const request = this.#requests.lister.byKey(name);
    const fromMs = request === undefined ? null : uselessFromMs(request);
    if (request === undefined || fromMs === null) return;
    const leftMs = fromMs - this.#parts.clock.wallTime();
    if (leftMs > 0) {
      this.#queue.addAfter(name, leftMs);
      return;
    }
    const { uid } = request.metadata;
    const preconditions = uid === undefined ? {} : { uid };
    const requests = this.#parts.client.objects(resources.certificateSigningRequests);
    await requests.delete({ name }, { preconditions, signal }).catch(ignoreNotFound);
  }
}
