import { badRequest } from '../../machinery/status-errors.js';
import { decodeContinueToken } from '../options/continue-token.js';
import type { ListOptions } from '../options/list-options.js';
import { freshnessOf } from '../options/resource-version.js';
import type { Freshness, IndexHint, ListQuery } from '../storage/contracts.js';
import type { ResourceEndpoint } from './endpoint.js';
import type { Selection } from './selector-cache.js';

/** What the storage is asked for a list with these options. Throws 400 for selectors and tokens that are none. */
export function listQuery(
  endpoint: ResourceEndpoint,
  namespace: string,
  options: ListOptions,
): ListQuery {
  const selection = endpoint.selectors.selection({
    labels: options.labelSelector,
    fields: options.fieldSelector,
  });
  const { freshness, afterKey } = position(options);
  // What is at hand is answered whole, as Kubernetes' watch cache does.
  const limit = freshness.at === 'any' ? 0 : options.limit;
  return { ...scopeOf(namespace, selection), filter: selection.filter, freshness, limit, afterKey };
}

/** Where the selected objects are to be found. */
export function scopeOf(
  namespace: string,
  selection: Selection,
): { readonly namespace: string; readonly name?: string; readonly index?: IndexHint } {
  const { name, index } = selection;
  return {
    namespace: namespace === '' ? (selection.namespace ?? '') : namespace,
    ...(name === undefined ? {} : { name }),
    ...(index === undefined ? {} : { index }),
  };
}

function position(options: ListOptions): { freshness: Freshness; afterKey: string } {
  const { resourceVersion } = options;
  if (options.continue === '') {
    return { freshness: freshnessOf(resourceVersion, options.resourceVersionMatch), afterKey: '' };
  }
  const { revision, afterKey } = decodeContinueToken(options.continue);
  if (resourceVersion !== '' && resourceVersion !== '0') {
    throw badRequest('specifying resource version is not allowed when using continue');
  }
  return { freshness: revision < 0 ? { at: 'latest' } : { at: 'exact', revision }, afterKey };
}
