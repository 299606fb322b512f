/** gRPC: how handlers and callers see it, the shared port, and the engines' common contract. */

export { ListenError, type ListenErrorCode } from '../host/listen-error.js';
export type { HttpHandler, HttpRequest, HttpResponse, HttpRoutes } from './http-routes.js';
export { type HandlerOf, implementService, type ServiceHandlers } from './implement.js';
export { type Listener, type ListenerOptions, type ListenerTls, listen } from './listener.js';
export type { RpcServer, RpcServerOptions } from './server.js';
export * from './service.js';
