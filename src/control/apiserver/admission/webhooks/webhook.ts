import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '../../../api/gen/admissionregistration-v1.js';
import type { ObjectReader } from '../../contracts.js';

/** A webhook of either kind. */
export type Webhook = MutatingWebhook | ValidatingWebhook;

/** A webhook, and the configuration that it is in. */
export interface ConfiguredWebhook<W extends Webhook = Webhook> {
  readonly webhook: W;
  readonly configuration: string;
}

const group = 'admissionregistration.k8s.io';

/** All mutating webhooks in the order in which they are asked: by the names of their configurations. */
export async function mutatingWebhooks(
  objects: ObjectReader,
): Promise<readonly ConfiguredWebhook<MutatingWebhook>[]> {
  const list = await objects.list({ group, resource: 'mutatingwebhookconfigurations' }, '');
  return inOrder(list as readonly MutatingWebhookConfiguration[]).flatMap((configuration) =>
    (configuration.webhooks ?? []).map((webhook) => ({
      webhook,
      configuration: configuration.metadata.name ?? '',
    })),
  );
}

/** All validating webhooks; they are asked at once. */
export async function validatingWebhooks(
  objects: ObjectReader,
): Promise<readonly ConfiguredWebhook<ValidatingWebhook>[]> {
  const list = await objects.list({ group, resource: 'validatingwebhookconfigurations' }, '');
  return inOrder(list as readonly ValidatingWebhookConfiguration[]).flatMap((configuration) =>
    (configuration.webhooks ?? []).map((webhook) => ({
      webhook,
      configuration: configuration.metadata.name ?? '',
    })),
  );
}

function inOrder<T extends MutatingWebhookConfiguration | ValidatingWebhookConfiguration>(
  configurations: readonly T[],
): T[] {
  return [...configurations].sort((a, b) =>
    (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1,
  );
}
