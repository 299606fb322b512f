import { forbiddenRequest } from '../authorization/forbidden.js';
import type { AuthorizationRequest, Authorizer, UserInfo } from '../contracts.js';
import type { ParsedRequest } from '../request-info.js';
import type { Filter } from './filter.js';

/** Lets through what the authorizer allows; 403 in the words that kubectl shows otherwise. */
export function authorize(authorizer: Authorizer): Filter {
  return async (exchange, next) => {
    const request = authorizationRequest(exchange.user, exchange.info);
    const { decision, reason } = await authorizer.authorize(request);
    const isAllowed = decision === 'allow';
    exchange.observer?.onAnnotation(
      'authorization.k8s.io/decision',
      isAllowed ? 'allow' : 'forbid',
    );
    exchange.observer?.onAnnotation('authorization.k8s.io/reason', reason);
    if (!isAllowed) throw forbiddenRequest(request, reason);
    await next();
  };
}

/** What the authorizer is asked about a request. */
export function authorizationRequest(user: UserInfo, info: ParsedRequest): AuthorizationRequest {
  const { verb, isResourceRequest, path, group, version, namespace } = info;
  const { resource, subresource, name } = info;
  const place = { group, version, namespace, resource, subresource, name };
  return { user, verb, isResourceRequest, path, ...place };
}
