import { createGrpcJsChannel } from '../../../src/rpc/grpc-js/channel.js';
import { createHttp2Server } from '../../../src/rpc/http2/server.js';
import { rpcContract } from '../contract.js';
import { realClock } from '../support.js';

rpcContract({
  name: 'http2 server, grpc-js channel',
  createServer: createHttp2Server,
  createChannel: (endpoint) => createGrpcJsChannel(endpoint, { clock: realClock }),
});
