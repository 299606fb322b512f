import { forbiddenRequest } from '../authorization/forbidden.js';
import type { Exchange } from '../exchange.js';
import { authorizationRequest } from '../filters/authorization.js';
import type { HandlerTools } from './handler-tools.js';

/**
 * For writes of a path that create what is not there: the request was allowed as an update or a patch, and whoever may only change
 * objects makes no new ones. The result rejects with 403.
 */
export function creationConfirmer(
  { user, info }: Exchange,
  { authorizer }: HandlerTools,
): () => Promise<void> {
  return async () => {
    const request = { ...authorizationRequest(user, info), verb: 'create' };
    const { decision, reason } = await authorizer.authorize(request);
    if (decision !== 'allow') throw forbiddenRequest(request, reason);
  };
}
