import { randomUUID } from 'node:crypto';
import { reviewToken } from '../../control/apiserver/authentication/reviews.js';
import { issueToken } from '../../control/apiserver/authentication/service-account/token-request.js';
import type { TokenAuthenticator } from '../../control/apiserver/authentication/token-authenticator.js';
import type { RbacPolicy } from '../../control/apiserver/authorization/rbac/rbac-policy.js';
import { ruleSource } from '../../control/apiserver/authorization/rule-source.js';
import { connectHandlers } from '../../control/apiserver/connect/connect-handlers.js';
import type { Kubelets } from '../../control/apiserver/connect/kubelets.js';
import type { ObjectReader } from '../../control/apiserver/contracts.js';
import {
  componentStatuses,
  type StoreCheck,
} from '../../control/apiserver/handlers/component-statuses.js';
import { reviewHandlers } from '../../control/apiserver/handlers/reviews.js';
import type { SubresourceHandler } from '../../control/apiserver/handlers/router.js';
import { subresourceHandlers } from '../../control/apiserver/handlers/subresources.js';
import type { EndpointTable } from '../../control/apiserver/registry/endpoint-table.js';
import type { ServerWrites } from '../../control/apiserver/registry/server-writes.js';
import { isLoopback } from '../../control/apiserver/server/kubernetes-service.js';
import type { OpenedAuthorization } from './authorization.js';
import type { SecurityInputs } from './security.js';
import { apiAudiences } from './token-kinds.js';

/** What is answered by handlers of its own: reviews, and subresources that are documents of another kind. */
export function specialHandlers(parts: {
  readonly security: SecurityInputs;
  readonly authorization: OpenedAuthorization;
  readonly policy: RbacPolicy;
  readonly tokens: TokenAuthenticator;
  readonly endpoints: EndpointTable;
  readonly writes: ServerWrites;
  readonly latest: ObjectReader;
  readonly checkStore: StoreCheck;
  readonly kubelets: Kubelets;
  /** Which of so many. */
  pick(count: number): number;
}): ReadonlyMap<string, SubresourceHandler> {
  const { security, authorization, policy, endpoints, writes, latest, tokens, kubelets } = parts;
  const { flags, keys, web } = security;
  const { authorizer } = authorization;
  const audiences = apiAudiences(security);
  const reviews = reviewHandlers({
    authorizer,
    rules: ruleSource(() => authorization.modes(), policy),
    reviewToken: (review) => reviewToken(review, tokens, audiences),
  });
  const subresources = subresourceHandlers({
    endpoints,
    writes,
    issueToken(request, exchange, { isDryRun }) {
      const { info, nowMs } = exchange;
      const { namespace, name } = info;
      const warn = (text: string) => exchange.warn(text);
      return issueToken(
        request,
        { namespace, name, nowMs, isDryRun, warn },
        {
          issuer: keys.issuer,
          apiAudiences: audiences,
          maxSeconds: flags.durationMs('service-account-max-token-expiration') / 1000,
          extendsExpiration: flags.isTrue('service-account-extend-token-expiration'),
          objects: latest,
          uuid: randomUUID,
        },
      );
    },
  });
  const connections = connectHandlers({
    ...{ endpoints, authorizer, web, kubelets },
    places: {
      ...{ objects: latest, kubelets, pick: parts.pick },
      allowsOwnAddresses: isLoopback(flags.text('bind-address')),
    },
  });
  const statuses = componentStatuses(parts.checkStore);
  return new Map([...reviews, ...subresources, ...connections, ['componentstatuses', statuses]]);
}
