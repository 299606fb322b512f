import { sleep } from '../../../base/clock.js';
import type { Pod, Secret, ServiceAccount } from '../../api/gen/core-v1.js';
import { type Informer, objectKey, resources, UnreachableError } from '../../client/index.js';
import { StatusError } from '../../machinery/status.js';
import type { Controller, ControllerParts } from '../controller.js';
import { ignoreNotFound } from '../runtime/write-failures.js';
import { tokenSecretType } from '../service-account-token/plan.js';
import { dayOf, invalidSinceLabel, planCleaning } from './plan.js';

/** What kube-controller-manager calls it. */
export const legacyTokenCleanerName = 'legacy-serviceaccount-token-cleaner-controller';

const roundMs = 24 * 3_600_000;
const trackingConfigMap = {
  namespace: 'kube-system',
  name: 'kube-apiserver-legacy-service-account-token-tracking',
};

/**
 * Switches tokens in secrets off that nobody has used for long, and deletes them later. Does nothing where the API server does not note
 * the use of tokens.
 */
export class LegacyTokenCleaner implements Controller {
  readonly name = legacyTokenCleanerName;
  readonly #parts: ControllerParts;
  readonly #periodMs: number;
  readonly #secrets: Informer<Secret>;
  readonly #accounts: Informer<ServiceAccount>;
  readonly #pods: Informer<Pod>;

  constructor(parts: ControllerParts, { periodMs }: { readonly periodMs: number }) {
    this.#parts = parts;
    this.#periodMs = periodMs;
    this.#secrets = parts.informers.of(resources.secrets);
    this.#accounts = parts.informers.of(resources.serviceAccounts);
    this.#pods = parts.informers.of(resources.pods);
  }

  async run(signal: AbortSignal): Promise<void> {
    const informers = [this.#secrets, this.#accounts, this.#pods];
    try {
      await Promise.all(informers.map((informer) => informer.untilSynced(signal)));
      for (;;) {
        await this.#clean(signal).catch((error: unknown) => this.#onFailure(error));
        await sleep(this.#parts.clock, roundMs, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #clean(signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#parts;
    const tracking = await client
      .objects(resources.configMaps)
      .get(trackingConfigMap, { signal })
      .catch(ignoreNotFound);
    if (tracking === null) return;
    const nowMs = clock.wallTime();
    const all = [...this.#accounts.lister.all()];
    const plan = planCleaning({
      secrets: [...this.#secrets.lister.all()].filter(({ type }) => type === tokenSecretType),
      accounts: new Map(all.map((account) => [objectKey(account), account])),
      pods: [...this.#pods.lister.all()],
      trackedSince: tracking.data?.since ?? '',
      ...{ nowMs, periodMs: this.#periodMs },
    });
    const secrets = client.objects(resources.secrets);
    for (const secret of plan.invalidate) {
      const { namespace = '', name = '', resourceVersion = '' } = secret.metadata;
      const labels = { [invalidSinceLabel]: dayOf(nowMs) };
      const patch = { metadata: { resourceVersion, labels } };
      await secrets.patch({ namespace, name }, 'merge', patch, { signal });
    }
    for (const secret of plan.delete) {
      const { namespace = '', name = '', resourceVersion = '' } = secret.metadata;
      const preconditions = { resourceVersion };
      await secrets.delete({ namespace, name }, { preconditions, signal }).catch(ignoreNotFound);
    }
  }

  /** The next round goes on. */
  #onFailure(error: unknown): void {
    if (!(error instanceof StatusError) && !(error instanceof UnreachableError)) throw error;
    this.#parts.logger.warn('cannot clean tokens in secrets; trying again later', {
      error: error.message,
    });
  }
}
