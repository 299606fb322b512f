import { createGrpcJsChannel } from '../../src/rpc/grpc-js/channel.js';
import { createGrpcJsServer } from '../../src/rpc/grpc-js/server.js';
import { rpcContract } from './contract.js';
import { realClock } from './support.js';

rpcContract({
  name: 'grpc-js',
  createServer: createGrpcJsServer,
  createChannel: (endpoint) => createGrpcJsChannel(endpoint, { clock: realClock }),
});
