import type { Clock } from '../../base/clock.js';
import type { Prng } from '../../base/prng.js';
import {
  type ImageReview,
  ImageReviews,
} from '../../control/apiserver/admission/image-policy/image-reviews.js';
import { imagePolicyWebhook } from '../../control/apiserver/admission/image-policy/plugin.js';
import type { ImagePolicySettings } from '../../control/apiserver/admission/image-policy/settings.js';
import { webhookReviewer } from '../../control/apiserver/authentication/webhook-kubeconfig.js';
import type { AdmissionPlugin } from '../../control/apiserver/contracts.js';
import type { WebClient } from '../../rpc/web-client.js';
import { UsageError } from '../usage-error.js';
import { readWebhookTarget } from './webhook-reviewer.js';

/** ImagePolicyWebhook as it is configured. Rejects with UsageError, also when it is not. */
export async function openImagePolicy(
  settings: ImagePolicySettings | undefined,
  { web, clock, prng }: { readonly web: WebClient; readonly clock: Clock; readonly prng: Prng },
): Promise<AdmissionPlugin> {
  if (settings === undefined) {
    throw new UsageError(
      '--enable-admission-plugins: ImagePolicyWebhook needs its configuration in --admission-control-config-file',
    );
  }
  const path = settings.kubeConfigFile;
  const target = await readWebhookTarget(path, 'imagePolicy.kubeConfigFile');
  const ask = webhookReviewer<ImageReview>(web, target);
  return imagePolicyWebhook(new ImageReviews({ ask, settings, clock, prng }), settings);
}
