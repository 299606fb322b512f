import { impersonatedUser } from '../authentication/impersonation.js';
import type { Authorizer } from '../contracts.js';
import type { Filter } from './filter.js';

/** Lets a user act as the one that the Impersonate-* headers name, when it is allowed to. */
export function impersonate(authorizer: Authorizer): Filter {
  return async (exchange, next) => {
    const { headers } = exchange.request;
    const user = await impersonatedUser(headers, exchange.user, authorizer);
    if (user !== null) {
      exchange.impersonator = exchange.user;
      exchange.user = user;
    }
    await next();
  };
}
