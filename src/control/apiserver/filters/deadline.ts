import type { Clock } from '../../../base/clock.js';
import { parseGoDuration } from '../../../base/go-duration.js';
import { badRequest, timeoutError } from '../../machinery/status-errors.js';
import type { Filter } from './filter.js';

/**
 * Ends requests that take too long with 504. The client may ask for less time with `?timeout=`; requests without an end of their
 * own have none.
 */
export function withDeadline(clock: Clock, timeoutMsMax: number): Filter {
  return (exchange, next) => {
    if (exchange.isLongRunning) return next();
    return new Promise((resolve, reject) => {
      const timeoutMs = Math.min(askedTimeoutMs(exchange.query) ?? timeoutMsMax, timeoutMsMax);
      const timer = clock.setTimer(timeoutMs, () => {
        const error = timeoutError('request did not complete within the allotted timeout', 0);
        exchange.cut(error);
        // Nobody waits any more for how the work ends.
        reject(error);
      });
      next().then(
        () => {
          clock.clearTimer(timer);
          resolve();
        },
        (error: unknown) => {
          clock.clearTimer(timer);
          reject(error);
        },
      );
    });
  };
}

function askedTimeoutMs(query: URLSearchParams): number | null {
  const text = query.get('timeout') ?? '';
  if (text === '') return null;
  const timeoutMs = parseGoDuration(text);
  if (timeoutMs === null) {
    throw badRequest(
      `invalid timeout specified in the request URL - time: invalid duration ${JSON.stringify(text)}`,
    );
  }
  return timeoutMs > 0 ? timeoutMs : null;
}
