import { tooManyRequests } from '../../machinery/status-errors.js';
import type { Exchange } from '../exchange.js';
import type { Filter } from './filter.js';

const readVerbs: ReadonlySet<string> = new Set(['get', 'list', 'watch']);

/** How many requests run at a time; 0 is no limit. */
export interface InFlightLimits {
  readonly reading: number;
  readonly writing: number;
}

/** Tells whether a request only reads, as the limits and the metrics count it. */
export function isReadOnly({ info }: Exchange): boolean {
  return readVerbs.has(info.verb);
}

/**
 * Refuses with 429 what is more than the limits. Requests without an end of their own do not count; nor do those of
 * `system:masters`, so that who administers the cluster still gets in.
 */
export function limitInFlight(
  limits: InFlightLimits,
  onChange: (kind: 'readOnly' | 'mutating', count: number) => void,
): Filter {
  const counts = { readOnly: 0, mutating: 0 };
  return async (exchange, next) => {
    if (exchange.isLongRunning) return next();
    const kind = isReadOnly(exchange) ? 'readOnly' : 'mutating';
    const max = kind === 'readOnly' ? limits.reading : limits.writing;
    const isExempt = exchange.user.groups.includes('system:masters');
    if (max > 0 && counts[kind] >= max && !isExempt) {
      throw tooManyRequests('Too many requests, please try again later.', 1);
    }
    counts[kind]++;
    onChange(kind, counts[kind]);
    try {
      await next();
    } finally {
      counts[kind]--;
      onChange(kind, counts[kind]);
    }
  };
}
