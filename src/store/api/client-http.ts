import { answerRoute, type HttpRoutes, notFoundRoute, type WebHandler } from '../../rpc/index.js';
import { type HttpAccess, withAccess } from './gateway/access.js';
import { type Gateway, isGatewayPath } from './gateway/gateway.js';

/** All that is answered to HTTP on the ports of clients: the fixed paths, and the API as JSON where there is a gateway. */
export function clientHttp(
  routes: HttpRoutes,
  options: { readonly gateway: Gateway | null; readonly access: HttpAccess },
): WebHandler {
  const { gateway, access } = options;
  return withAccess(access, async (request, response) => {
    if (gateway !== null && isGatewayPath(request.path)) await gateway.serve(request, response);
    else await answerRoute(routes.get(request.path) ?? notFoundRoute, request, response);
  });
}
