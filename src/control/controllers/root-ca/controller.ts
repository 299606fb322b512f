import type { ConfigMap, Namespace } from '../../api/gen/core-v1.js';
import { type Informer, resources, WorkQueue } from '../../client/index.js';
import type { Controller, ControllerParts } from '../controller.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { ignoreNotNeeded } from '../runtime/write-failures.js';
import { plannedConfigMap, rootCaName } from './plan.js';

/** What kube-controller-manager calls it. */
export const rootCaControllerName = 'root-ca-certificate-publisher-controller';

const workers = 1;

/** Publishes the certificate authority of the API server to every namespace, as the ConfigMap `kube-root-ca.crt`. */
export class RootCaController implements Controller {
  readonly name = rootCaControllerName;
  readonly #parts: ControllerParts;
  readonly #certificate: string;
  readonly #queue: WorkQueue;
  readonly #namespaces: Informer<Namespace>;
  readonly #configMaps: Informer<ConfigMap>;

  /** `certificate` is PEM. */
  constructor(parts: ControllerParts, certificate: string) {
    this.#parts = parts;
    this.#certificate = certificate;
    const queue = new WorkQueue(parts.clock);
    this.#queue = queue;
    this.#namespaces = parts.informers.of(resources.namespaces);
    this.#configMaps = parts.informers.of(resources.configMaps);
    this.#namespaces.addHandler({
      onAdd: ({ metadata }) => queue.add(metadata.name ?? ''),
      onUpdate: (_, { metadata }) => queue.add(metadata.name ?? ''),
    });
    const onChange = ({ metadata }: ConfigMap) => {
      if (metadata.name === rootCaName) queue.add(metadata.namespace ?? '');
    };
    this.#configMaps.addHandler({ onUpdate: (_, after) => onChange(after), onDelete: onChange });
  }

  run(signal: AbortSignal): Promise<void> {
    return reconcileLoop({
      ...{ parts: this.#parts, name: 'root_ca_cert_publisher', queue: this.#queue },
      ...{ informers: [this.#namespaces, this.#configMaps], workers, signal },
      reconcile: (name) => this.#reconcile(name, signal),
    });
  }

  async #reconcile(name: string, signal: AbortSignal): Promise<void> {
    const namespace = this.#namespaces.lister.get('', name);
    const existing = this.#configMaps.lister.get(name, rootCaName);
    const plan = plannedConfigMap(namespace, existing, this.#certificate);
    if (plan === null) return;
    const objects = this.#parts.client.objects(resources.configMaps);
    await objects[plan.action](plan.configMap, { signal }).catch(ignoreNotNeeded);
  }
}
