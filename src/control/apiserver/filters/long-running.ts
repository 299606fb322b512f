import type { ParsedRequest } from '../request-info.js';
import type { Filter } from './filter.js';

const longSubresources: ReadonlySet<string> = new Set([
  'attach',
  'exec',
  'proxy',
  'log',
  'portforward',
]);
/** What paths that are no resources begin with. */
const longPaths: readonly string[] = ['/debug/pprof/', '/flotilla/store/keys/watch'];
const longVerbs: ReadonlySet<string> = new Set(['watch', 'proxy']);

/** Whether a request has no end of its own. */
export function isLongRunningRequest(info: ParsedRequest): boolean {
  if (!info.isResourceRequest) return longPaths.some((path) => info.path.startsWith(path));
  return longVerbs.has(info.verb) || longSubresources.has(info.subresource);
}

/** Marks such requests and connections for another protocol, before anything that they are exempt from. */
export const markLongRunning: Filter = async (exchange, next) => {
  exchange.isLongRunning = isLongRunningRequest(exchange.info) || exchange.isUpgradable;
  await next();
};
