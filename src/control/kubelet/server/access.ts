import type { Logger } from '../../../base/logger.js';
import type { WebRequest } from '../../../rpc/web.js';
import {
  type AccessReviews,
  authenticateRequest,
  type RequestAuthenticationOptions,
  type RequestUser,
} from '../../delegation/index.js';

/** Who may ask a kubelet what. */
export interface KubeletAccessOptions extends RequestAuthenticationOptions {
  /** Null: whoever is known may do everything (`AlwaysAllow`). */
  readonly reviews: Pick<AccessReviews, 'isAllowed'> | null;
  readonly nodeName: string;
  readonly logger: Logger;
}

/** Why somebody is not let in. */
export interface Refusal {
  readonly status: number;
  readonly text: string;
}

const verbs: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** Paths that are parts of a node to authorization, by their first part. What else there is, is its proxy. */
const subresources: Readonly<Record<string, string>> = {
  stats: 'stats',
  metrics: 'metrics',
  logs: 'log',
};
/** Those that may be granted alone or with the proxy. */
const fineSubresources: Readonly<Record<string, string>> = {
  configz: 'configz',
  healthz: 'healthz',
  pods: 'pods',
  runningpods: 'pods',
};

/** Null: the request may be answered. */
export async function refusalOf(
  request: WebRequest,
  options: KubeletAccessOptions,
): Promise<Refusal | null> {
  const found = await authenticateRequest(request, options);
  if ('refusal' in found) {
    options.logger.debug('a request was not authenticated', { why: found.refusal });
    return { status: 401, text: 'Unauthorized' };
  }
  if (options.reviews === null) return null;
  return authorize(request, found.user, { ...options, reviews: options.reviews });
}

async function authorize(
  { method, path }: WebRequest,
  user: RequestUser,
  options: KubeletAccessOptions & { readonly reviews: Pick<AccessReviews, 'isAllowed'> },
): Promise<Refusal | null> {
  const { reviews, nodeName: name, logger } = options;
  const verb = verbs[method] ?? '';
  const asked = subresourcesOf(path);
  for (const subresource of asked) {
    const of = { group: '', version: 'v1', resource: 'nodes', namespace: '', name };
    try {
      if (await reviews.isAllowed(user, { kind: 'resource', verb, subresource, ...of }))
        return null;
    } catch (error) {
      logger.warn('it could not be found out who may ask', { error: String(error) });
      const words = `user=${user.name}, verb=${verb}, resource=nodes, subresource=${subresource}`;
      return { status: 500, text: `Authorization error (${words})` };
    }
  }
  const words = `user=${user.name}, verb=${verb}, resource=nodes, subresource(s)=[${asked.join(' ')}]`;
  return { status: 403, text: `Forbidden (${words})\n` };
}

/** What of a node a path is, to authorization; any of several is enough. */
export function subresourcesOf(path: string): readonly string[] {
  const first = path.split('/')[1] ?? '';
  const own = subresources[first];
  if (own !== undefined) return [own];
  const fine = fineSubresources[first];
  return fine === undefined ? ['proxy'] : [fine, 'proxy'];
}
