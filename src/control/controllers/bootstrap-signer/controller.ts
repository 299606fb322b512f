import type { ConfigMap, Secret } from '../../api/gen/core-v1.js';
import {
  type Informer,
  namespaceIndex,
  objectKey,
  resources,
  WorkQueue,
} from '../../client/index.js';
import {
  bootstrapTokenOf,
  isTokenSecret,
  tokenNamespace,
} from '../bootstrap-tokens/bootstrap-token.js';
import type { Controller, ControllerParts } from '../controller.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { ignoreNotFound } from '../runtime/write-failures.js';
import { clusterInfo, withSignatures } from './plan.js';

const workers = 1;
const key = `${clusterInfo.namespace}/${clusterInfo.name}`;

/** Signs the cluster's public description with each bootstrap token, so that who has a token can trust it. */
export class BootstrapSigner implements Controller {
  readonly name = 'bootstrap-signer-controller';
  readonly #parts: ControllerParts;
  readonly #queue: WorkQueue;
  readonly #secrets: Informer<Secret>;
  readonly #configMaps: Informer<ConfigMap>;

  constructor(parts: ControllerParts) {
    this.#parts = parts;
    this.#queue = new WorkQueue(parts.clock);
    this.#secrets = parts.informers.of(resources.secrets);
    this.#configMaps = parts.informers.of(resources.configMaps);
    const onSecret = (secret: Secret) => {
      if (isTokenSecret(secret)) this.#queue.add(key);
    };
    this.#secrets.addHandler({
      onAdd: onSecret,
      onUpdate: (_, after) => onSecret(after),
      onDelete: onSecret,
    });
    const onConfigMap = (configMap: ConfigMap) => {
      if (objectKey(configMap) === key) this.#queue.add(key);
    };
    this.#configMaps.addHandler({ onAdd: onConfigMap, onUpdate: (_, after) => onConfigMap(after) });
  }

  run(signal: AbortSignal): Promise<void> {
    return reconcileLoop({
      ...{ parts: this.#parts, name: 'bootstrap_signer_queue', queue: this.#queue, signal },
      ...{ informers: [this.#secrets, this.#configMaps], workers },
      reconcile: () => this.#reconcile(signal),
    });
  }

  async #reconcile(signal: AbortSignal): Promise<void> {
    const info = this.#configMaps.lister.byKey(key);
    if (info === undefined) return;
    const secrets = this.#secrets.lister.byIndex(namespaceIndex, tokenNamespace);
    const tokens = secrets.flatMap((secret) => bootstrapTokenOf(secret) ?? []);
    const nowMs = this.#parts.clock.wallTime();
    for (const { expiresMs } of tokens) {
      if (expiresMs !== null && expiresMs > nowMs) this.#queue.addAfter(key, expiresMs - nowMs);
    }
    const signed = withSignatures(info, tokens, nowMs);
    if (signed === null) return;
    const configMaps = this.#parts.client.objects(resources.configMaps);
    await configMaps.update(signed, { signal }).catch(ignoreNotFound);
  }
}
