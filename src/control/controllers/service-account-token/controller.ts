import type { Secret, ServiceAccount } from '../../api/gen/core-v1.js';
import type { TokenIssuer } from '../../api/service-account/token-issuer.js';
import {
  type Informer,
  keyOf,
  objectKey,
  resources,
  splitKey,
  WorkQueue,
} from '../../client/index.js';
import type { Controller, ControllerParts } from '../controller.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { ignoreNotFound } from '../runtime/write-failures.js';
import { accountNameOf, base64, planSecret } from './plan.js';

/** What kube-controller-manager calls it. */
export const serviceAccountTokenControllerName = 'serviceaccount-token-controller';
/** Name of an index of secrets, by the key of the service account whose token they hold. */
const accountIndex = 'token-service-account';

/** What signs tokens, and what pods are to trust. */
export interface TokenOptions {
  readonly issuer: TokenIssuer;
  /** PEM of the authority of the API server; null: secrets do not carry it. */
  readonly rootCa: string | null;
  readonly workers: number;
}

/** Puts tokens into secrets of type kubernetes.io/service-account-token, and deletes those whose account is gone. */
export class ServiceAccountTokenController implements Controller {
  readonly name = serviceAccountTokenControllerName;
  readonly #parts: ControllerParts;
  readonly #options: TokenOptions;
  readonly #queue: WorkQueue;
  readonly #secrets: Informer<Secret>;
  readonly #accounts: Informer<ServiceAccount>;

  constructor(parts: ControllerParts, options: TokenOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#queue = new WorkQueue(parts.clock);
    this.#secrets = parts.informers.of(resources.secrets, {
      indexes: {
        [accountIndex]: (secret) => {
          const name = accountNameOf(secret);
          return name === undefined ? [] : [keyOf(secret.metadata.namespace ?? '', name)];
        },
      },
    });
    this.#accounts = parts.informers.of(resources.serviceAccounts);
    const onSecret = (secret: Secret) => {
      if (accountNameOf(secret) !== undefined) this.#queue.add(objectKey(secret));
    };
    this.#secrets.addHandler({ onAdd: onSecret, onUpdate: (_, secret) => onSecret(secret) });
    const onAccount = (account: ServiceAccount) => {
      for (const secret of this.#secrets.lister.byIndex(accountIndex, objectKey(account))) {
        this.#queue.add(objectKey(secret));
      }
    };
    this.#accounts.addHandler({ onAdd: onAccount, onDelete: onAccount });
  }

  run(signal: AbortSignal): Promise<void> {
    return reconcileLoop({
      ...{ parts: this.#parts, name: 'serviceaccount_tokens_secret', queue: this.#queue, signal },
      ...{ informers: [this.#secrets, this.#accounts], workers: this.#options.workers },
      reconcile: (key) => this.#reconcile(key, signal),
    });
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const secret = this.#secrets.lister.byKey(key);
    const name = secret && accountNameOf(secret);
    if (secret === undefined || name === undefined) return;
    const { namespace } = splitKey(key);
    const { client } = this.#parts;
    const account = await this.#account(namespace, name, secret, signal);
    const plan = planSecret(secret, account, this.#options.rootCa);
    const secrets = client.objects(resources.secrets);
    switch (plan.kind) {
      case 'none':
        return;
      case 'delete': {
        const { uid = '', resourceVersion = '' } = secret.metadata;
        const preconditions = { uid, resourceVersion };
        await secrets.delete(splitKey(key), { preconditions, signal }).catch(ignoreNotFound);
        return;
      }
      case 'fill': {
        const token = plan.needsToken ? await this.#sign(plan.secret, account) : null;
        const data = { ...plan.secret.data, ...(token === null ? {} : { token: base64(token) }) };
        await secrets.update({ ...plan.secret, data }, { signal });
      }
    }
  }

  /** The account, asked for at the server when the informer does not show the one that the secret is for. */
  async #account(
    namespace: string,
    name: string,
    secret: Secret,
    signal: AbortSignal,
  ): Promise<ServiceAccount | undefined> {
    const shown = this.#accounts.lister.get(namespace, name);
    if (shown !== undefined && planSecret(secret, shown, null).kind !== 'delete') return shown;
    const accounts = this.#parts.client.objects(resources.serviceAccounts);
    return (await accounts.get({ namespace, name }, { signal }).catch(ignoreNotFound)) ?? undefined;
  }

  #sign({ metadata }: Secret, account: ServiceAccount | undefined): Promise<string> {
    return this.#options.issuer.signLegacy({
      namespace: metadata.namespace ?? '',
      name: account?.metadata.name ?? '',
      uid: account?.metadata.uid ?? '',
      secretName: metadata.name ?? '',
    });
  }
}
