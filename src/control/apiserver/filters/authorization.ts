import type { Clock } from '../../../base/clock.js';
import { forbiddenRequest } from '../authorization/forbidden.js';
import type {
  AuthorizationDecision,
  AuthorizationRequest,
  Authorizer,
  UserInfo,
} from '../contracts.js';
import type { Exchange } from '../exchange.js';
import type { ParsedRequest } from '../request-info.js';
import type { Filter } from './filter.js';

/** How an authorization ended, for the metrics. */
export type AuthorizationResult = 'allowed' | 'denied' | 'no-opinion' | 'error';

/** Lets through what the authorizer allows; 403 in the words that kubectl shows otherwise. `onResult` is told how it ended. */
export function authorize(
  authorizer: Authorizer,
  clock: Clock,
  onResult: (result: AuthorizationResult, seconds: number) => void,
): Filter {
  const decide = async (request: AuthorizationRequest): Promise<AuthorizationDecision> => {
    const startMs = clock.now();
    let result: AuthorizationResult = 'error';
    try {
      const answer = await authorizer.authorize(request);
      result = results[answer.decision];
      return answer;
    } finally {
      onResult(result, (clock.now() - startMs) / 1000);
    }
  };
  return async (exchange, next) => {
    const request = {
      ...authorizationRequest(exchange.user, exchange.info),
      ...selectors(exchange),
    };
    const { decision, reason } = await decide(request);
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

const results = { allow: 'allowed', deny: 'denied', none: 'no-opinion' } as const;

const none = {};

/** The selectors of a request that is about many objects. The old way to watch does not always heed them: they do not count there. */
function selectors({
  info,
  query,
}: Exchange): Pick<AuthorizationRequest, 'fieldSelector' | 'labelSelector'> {
  if (!info.isResourceRequest || info.isLegacyWatch || !ofMany.has(info.verb)) return none;
  const fieldSelector = query.get('fieldSelector') ?? '';
  const labelSelector = query.get('labelSelector') ?? '';
  return {
    ...(fieldSelector !== '' && { fieldSelector }),
    ...(labelSelector !== '' && { labelSelector }),
  };
}

const ofMany: ReadonlySet<string> = new Set(['list', 'watch', 'deletecollection']);

/** What the authorizer is asked about a request. */
export function authorizationRequest(user: UserInfo, info: ParsedRequest): AuthorizationRequest {
  const { verb, isResourceRequest, path, group, version, namespace } = info;
  const { resource, subresource, name } = info;
  const place = { group, version, namespace, resource, subresource, name };
  return { user, verb, isResourceRequest, path, ...place };
}
