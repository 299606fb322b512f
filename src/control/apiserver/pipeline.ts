import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { WebHandler } from '../../rpc/web.js';
import { statusOf } from '../machinery/status-errors.js';
import type { Authorizer } from './contracts.js';
import { Exchange } from './exchange.js';
import { type AuditHook, audit } from './filters/audit.js';
import {
  type AuthenticationResult,
  authenticate,
  type RequestAuthenticator,
} from './filters/authentication.js';
import { type AuthorizationResult, authorize } from './filters/authorization.js';
import { withDeadline } from './filters/deadline.js';
import { answerErrors } from './filters/errors.js';
import { type Filter, type Handler, withFilters } from './filters/filter.js';
import { impersonate } from './filters/impersonation.js';
import { markLongRunning } from './filters/long-running.js';
import { encodeJson } from './negotiation/json-text.js';

/** What the pipeline is made of. */
export interface PipelineOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** A new universally unique id, for requests. */
  readonly newUid: () => string;
  readonly authenticator: RequestAuthenticator;
  readonly authorizer: Authorizer;
  readonly audit: AuditHook;
  /** Counts and measures; outermost, so that it sees every answer. */
  readonly observe: Filter;
  /** Keeps one client from starving the others. */
  readonly limit: Filter;
  readonly requestTimeoutMs: number;
  readonly onAuthenticated: (
    result: AuthenticationResult,
    username: string,
    seconds: number,
  ) => void;
  readonly onAuthorized: (result: AuthorizationResult, seconds: number) => void;
  readonly handler: Handler;
}

/** The way of every request, in order. Upgrades take the same way. */
export function createPipeline(options: PipelineOptions): WebHandler {
  const { clock, logger, newUid } = options;
  const handle = withFilters(
    [
      markLongRunning,
      options.observe,
      answerErrors(logger),
      withDeadline(clock, options.requestTimeoutMs),
      authenticate(options.authenticator, clock, options.onAuthenticated),
      audit(options.audit),
      impersonate(options.authorizer),
      options.limit,
      authorize(options.authorizer, clock, options.onAuthorized),
    ],
    options.handler,
  );
  return async (request, response) => {
    const given = request.headers.get('audit-id') ?? '';
    const auditId = /^[\w-]{1,64}$/.test(given) ? given : newUid();
    let exchange: Exchange;
    try {
      exchange = new Exchange(request, response, { auditId, nowMs: clock.wallTime() });
    } catch (error) {
      const status = statusOf(error);
      response.start(status.code, { 'content-type': 'application/json' });
      response.end(encodeJson(status, false));
      return;
    }
    await handle(exchange);
  };
}
