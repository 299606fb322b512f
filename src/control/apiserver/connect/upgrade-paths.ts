import type { WebRequest } from '../../../rpc/web.js';
import { asksForWebSocket } from '../../../rpc/websocket/handshake.js';
import { isTrueParameter } from '../request-info.js';

const streams =
  /^\/api\/v1\/(?:namespaces\/[^/]+\/)?(?:pods|services|nodes)\/[^/]+\/(?:exec|attach|portforward|proxy)(?:\/|$)/;
const logs = /^\/api\/v1\/namespaces\/[^/]+\/pods\/[^/]+\/log$/;
const resources = /^\/(?:api|apis\/[^/]+)\/[^/]+\/./;
/** The old paths of watches. */
const watches = /^\/(?:api|apis\/[^/]+)\/[^/]+\/watch\/./;

/** Whether a request for another protocol is for what has one. All others are answered as if they had not asked. */
export function asksForStream(request: WebRequest): boolean {
  const { path, headers } = request;
  if (streams.test(path)) return headers.get('upgrade')?.toLowerCase() !== 'h2c';
  return asksForWebSocket(request) && hasMessages(request);
}

/** Whether the answer is one that comes in messages where a WebSocket is asked for. */
function hasMessages({ path, query }: WebRequest): boolean {
  if (logs.test(path) || watches.test(path)) return true;
  return resources.test(path) && isTrueParameter(new URLSearchParams(query).get('watch'));
}
