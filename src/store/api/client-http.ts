import {
  answerRoute,
  type HttpHandler,
  type HttpRoutes,
  notFoundRoute,
  type WebHandler,
  type WebRequest,
} from '../../rpc/index.js';
import { commonNameOf } from '../auth/certificate-name.js';
import { type HttpAccess, withAccess } from './gateway/access.js';
import { type Gateway, isGatewayPath } from './gateway/gateway.js';

/** What is answered to HTTP on the ports of clients. */
export interface ClientHttpOptions {
  /** Null: the API is not there as JSON. */
  readonly gateway: Gateway | null;
  readonly access: HttpAccess;
  /** Whether certificates say who a client is, over gRPC: the gateway does not go by them. */
  readonly namesUsers: () => boolean;
}

/** All that is answered to HTTP on the ports of clients: the fixed paths, and the API as JSON where there is a gateway. */
export function clientHttp(
  routes: HttpRoutes,
  { gateway, access, namesUsers }: ClientHttpOptions,
): WebHandler {
  return withAccess(access, async (request, response) => {
    if (gateway === null || !isGatewayPath(request.path)) {
      await answerRoute(routes.get(request.path) ?? notFoundRoute, request, response);
    } else if (namesUsers() && hasName(request)) {
      await answerRoute(refusedName, request, response);
    } else {
      await gateway.serve(request, response);
    }
  });
}

function hasName({ peerCertificates }: WebRequest): boolean {
  return (commonNameOf(peerCertificates) ?? '') !== '';
}

/** Whoever relies on the name in its certificate would be somebody else here, without a word. */
const refusedName: HttpHandler = () => ({
  status: 400,
  contentType: 'text/plain; charset=utf-8',
  body: 'CommonName of client sending a request against gateway will be ignored and not used as expected\n',
});
