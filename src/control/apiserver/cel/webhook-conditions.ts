import type { AdmissionServices } from '../admission/services.js';
import type { Webhook } from '../admission/webhooks/webhook.js';
import type { AdmissionRequest } from '../contracts.js';
import { AdmissionExpressions } from './admission-activation.js';
import { conditionsHold } from './match-conditions.js';

/** Whether all match conditions of a webhook hold for a request. Rejects with CelError when that cannot be said. */
export async function webhookConditionsHold(
  { matchConditions = [] }: Webhook,
  request: AdmissionRequest,
  { authorizer }: AdmissionServices,
): Promise<boolean> {
  if (matchConditions.length === 0) return true;
  const expressions = new AdmissionExpressions({ request, authorizer, namespace: null });
  return conditionsHold(matchConditions, expressions);
}
