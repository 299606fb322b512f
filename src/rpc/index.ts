/** gRPC: how handlers and callers see it, the shared port, and the engines' common contract. */

export { ListenError, type ListenErrorCode } from '../host/listen-error.js';
export {
  answerRoute,
  type HttpHandler,
  type HttpRequest,
  type HttpResponse,
  type HttpRoutes,
  notFoundRoute,
} from './http-routes.js';
export { answerUpgrade } from './http1/upgrade.js';
export { type HandlerOf, implementService, type ServiceHandlers } from './implement.js';
export { type Listener, type ListenerOptions, listen } from './listener.js';
export type { CertificatePair, ListenerTls, NamedCertificate } from './listener-tls.js';
export { durationBounds, MethodCounts } from './method-counts.js';
export { readWebBody } from './read-web-body.js';
export type { RpcServer, RpcServerOptions } from './server.js';
export * from './service.js';
export { cipherNamesOf, cipherSuiteNames } from './tls-ciphers.js';
export type { WebHandler, WebHeaders, WebRequest, WebResponse, WebUpgradeHandler } from './web.js';
export * from './web-client.js';
export * from './web-errors.js';
