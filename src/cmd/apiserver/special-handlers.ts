import { randomUUID } from 'node:crypto';
import { reviewToken } from '../../control/apiserver/authentication/reviews.js';
import { issueToken } from '../../control/apiserver/authentication/service-account/token-request.js';
import type { TokenAuthenticator } from '../../control/apiserver/authentication/token-authenticator.js';
import { ruleSource } from '../../control/apiserver/authorization/rule-source.js';
import type { Authorizer, ObjectReader } from '../../control/apiserver/contracts.js';
import {
  componentStatuses,
  type StoreCheck,
} from '../../control/apiserver/handlers/component-statuses.js';
import { reviewHandlers } from '../../control/apiserver/handlers/reviews.js';
import type { SubresourceHandler } from '../../control/apiserver/handlers/router.js';
import { subresourceHandlers } from '../../control/apiserver/handlers/subresources.js';
import type { EndpointTable } from '../../control/apiserver/registry/endpoint-table.js';
import type { ServerWrites } from '../../control/apiserver/registry/server-writes.js';
import type { SecurityInputs } from './security.js';
import { apiAudiences } from './token-kinds.js';

/** What is answered by handlers of its own: reviews, and subresources that are documents of another kind. */
export function specialHandlers(parts: {
  readonly security: SecurityInputs;
  readonly authorizer: Authorizer;
  readonly tokens: TokenAuthenticator;
  readonly endpoints: EndpointTable;
  readonly writes: ServerWrites;
  readonly latest: ObjectReader;
  readonly checkStore: StoreCheck;
}): ReadonlyMap<string, SubresourceHandler> {
  const { security, authorizer, endpoints, writes, latest, tokens } = parts;
  const { flags, keys, policy } = security;
  const audiences = apiAudiences(security);
  const modes = flags.list('authorization-mode');
  const reviews = reviewHandlers({
    authorizer,
    rules: ruleSource(modes, modes.includes('RBAC') ? policy : null),
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
  const statuses = componentStatuses(parts.checkStore);
  return new Map([...reviews, ...subresources, ['componentstatuses', statuses]]);
}
