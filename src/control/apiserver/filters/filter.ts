import type { Exchange } from '../exchange.js';

/** Answers a request, or throws a StatusError. */
export type Handler = (exchange: Exchange) => Promise<void>;

/** One step before the handler: refuses by throwing, goes on with `next`, or answers itself. */
export type Filter = (exchange: Exchange, next: () => Promise<void>) => Promise<void>;

/** The filters around a handler, the first one outermost. */
export function withFilters(filters: readonly Filter[], handler: Handler): Handler {
  return filters.reduceRight<Handler>(
    (inner, filter) => (exchange) => filter(exchange, () => inner(exchange)),
    handler,
  );
}
