import type { ConfigMap } from '../../api/gen/core-v1.js';
import { Informer, resources, runWorkers, WorkQueue } from '../../client/index.js';
import { StatusError } from '../../machinery/status.js';
import type { Controller, StandaloneParts } from '../controller.js';
import { plannedConfigMap, rootCaName } from './plan.js';

const workers = 2;

/** Publishes the certificate authority of the API server to every namespace, as the ConfigMap `kube-root-ca.crt`. */
export class RootCaController implements Controller {
  readonly name = 'root-ca-certificate-publisher-controller';
  readonly #parts: StandaloneParts;
  readonly #certificate: string;

  /** `certificate` is PEM. */
  constructor(parts: StandaloneParts, certificate: string) {
    this.#parts = parts;
    this.#certificate = certificate;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { client, clock, logger } = this.#parts;
    const queue = new WorkQueue(clock);
    const namespaces = new Informer({
      ...this.#parts,
      objects: client.objects(resources.namespaces),
    });
    const configMaps = new Informer({
      ...this.#parts,
      objects: client.objects(resources.configMaps),
      selection: { fieldSelector: `metadata.name=${rootCaName}` },
    });
    namespaces.addHandler({
      onAdd: ({ metadata }) => queue.add(metadata.name ?? ''),
      onUpdate: (_, { metadata }) => queue.add(metadata.name ?? ''),
    });
    const onChange = ({ metadata }: ConfigMap) => queue.add(metadata.namespace ?? '');
    configMaps.addHandler({ onUpdate: (_, after) => onChange(after), onDelete: onChange });
    const reconcile = async (name: string) => {
      await Promise.all([namespaces.untilSynced(signal), configMaps.untilSynced(signal)]);
      const namespace = namespaces.lister.get('', name);
      const existing = configMaps.lister.get(name, rootCaName);
      const plan = plannedConfigMap(namespace, existing, this.#certificate);
      if (plan === null) return;
      const objects = client.objects(resources.configMaps);
      const { action, configMap } = plan;
      await objects[action](configMap, { signal }).catch(ignore);
    };
    await Promise.all([
      namespaces.run(signal),
      configMaps.run(signal),
      runWorkers({ queue, workers, logger, reconcile, signal }),
    ]);
  }
}

/** Another was faster and the informer will show it, or the namespace is going. */
function ignore(error: unknown): void {
  if (!(error instanceof StatusError)) throw error;
  const isTerminating =
    error.status.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating') ?? false;
  if (error.reason !== 'AlreadyExists' && error.reason !== 'NotFound' && !isTerminating)
    throw error;
}
