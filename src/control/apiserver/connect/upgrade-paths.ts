import type { WebRequest } from '../../../rpc/web.js';

const streams =
  /^\/api\/v1\/(?:namespaces\/[^/]+\/)?(?:pods|services|nodes)\/[^/]+\/(?:exec|attach|portforward|proxy)(?:\/|$)/;

/** Whether a request for another protocol is for a stream to a container or a proxy. All others are answered as if they had not asked. */
export function asksForStream({ path, headers }: WebRequest): boolean {
  return streams.test(path) && headers.get('upgrade')?.toLowerCase() !== 'h2c';
}
