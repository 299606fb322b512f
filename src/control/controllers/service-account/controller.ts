import { Informer, namespaceIndex, resources, runWorkers, WorkQueue } from '../../client/index.js';
import { StatusError } from '../../machinery/status.js';
import type { Controller, StandaloneParts } from '../controller.js';
import { defaultAccountName, missingAccounts } from './plan.js';

const workers = 2;

/** Gives every namespace the service account `default`, without which no pod can be made there; again when somebody deletes it. */
export class ServiceAccountController implements Controller {
  readonly name = 'serviceaccount-controller';
  readonly #parts: StandaloneParts;

  constructor(parts: StandaloneParts) {
    this.#parts = parts;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { client, clock, logger } = this.#parts;
    const queue = new WorkQueue(clock);
    const namespaces = new Informer({
      ...this.#parts,
      objects: client.objects(resources.namespaces),
    });
    const accounts = new Informer({
      ...this.#parts,
      objects: client.objects(resources.serviceAccounts),
      selection: { fieldSelector: `metadata.name=${defaultAccountName}` },
    });
    namespaces.addHandler({
      onAdd: ({ metadata }) => queue.add(metadata.name ?? ''),
      onUpdate: (_, { metadata }) => queue.add(metadata.name ?? ''),
    });
    accounts.addHandler({ onDelete: ({ metadata }) => queue.add(metadata.namespace ?? '') });
    const reconcile = async (name: string) => {
      await Promise.all([namespaces.untilSynced(signal), accounts.untilSynced(signal)]);
      const existing = accounts.lister.byIndex(namespaceIndex, name);
      for (const account of missingAccounts(namespaces.lister.get('', name), existing)) {
        await client.objects(resources.serviceAccounts).create(account, { signal }).catch(ignore);
      }
    };
    await Promise.all([
      namespaces.run(signal),
      accounts.run(signal),
      runWorkers({ queue, workers, logger, reconcile, signal }),
    ]);
  }
}

/** Another was faster, or the namespace is going. */
function ignore(error: unknown): void {
  if (!(error instanceof StatusError)) throw error;
  const isTerminating =
    error.status.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating') ?? false;
  if (error.reason !== 'AlreadyExists' && error.reason !== 'NotFound' && !isTerminating)
    throw error;
}
