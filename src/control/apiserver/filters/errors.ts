import type { Logger } from '../../../base/logger.js';
import { StatusError } from '../../machinery/status.js';
import { statusOf } from '../../machinery/status-errors.js';
import { sendStatus } from '../negotiation/send-status.js';
import type { Filter } from './filter.js';

/**
 * Turns what others throw into the Status that the client reads. What is no StatusError is a bug: it is logged with its stack, and
 * the client learns no more than that it happened.
 */
export function answerErrors(logger: Logger): Filter {
  return async (exchange, next) => {
    try {
      await next();
    } catch (error) {
      if (!(error instanceof StatusError) && !exchange.signal.aborted) {
        logger.error('a request failed unexpectedly', {
          method: exchange.request.method,
          path: exchange.info.path,
          auditId: exchange.auditId,
          error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        });
      }
      if (exchange.isStarted) exchange.end();
      else sendStatus(exchange, statusOf(error));
    }
  };
}
