import { badRequest } from '../../machinery/status-errors.js';
import type { Freshness } from '../storage/contracts.js';

/** A resource version as a client gives it: '' is null. Throws 400 for what is no revision. */
export function parseResourceVersion(text: string): number | null {
  if (text === '') return null;
  const problem = !/^\d+$/.test(text)
    ? 'invalid syntax'
    : Number.isSafeInteger(Number(text))
      ? null
      : 'value out of range';
  if (problem === null) return Number(text);
  const quoted = JSON.stringify(text);
  throw badRequest(
    `invalid resource version: resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: ${problem}`,
  );
}

/** How fresh a get or list must be. */
export function freshnessOf(resourceVersion: string, match: string): Freshness {
  const revision = parseResourceVersion(resourceVersion);
  if (revision === null) return { at: 'latest' };
  if (match === 'Exact') return { at: 'exact', revision };
  return revision === 0 ? { at: 'any' } : { at: 'not-older', revision };
}
