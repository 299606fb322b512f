/** The engine on @grpc/grpc-js, server and client. */
export { createGrpcJsChannel, type GrpcJsChannelOptions } from './channel.js';
export { createGrpcJsServer } from './server.js';
