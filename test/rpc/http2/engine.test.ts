import { hostClock } from '../../../src/host/clock.js';
import { createGrpcJsChannel } from '../../../src/rpc/grpc-js/channel.js';
import { createGrpcJsServer } from '../../../src/rpc/grpc-js/server.js';
import { createHttp2Channel } from '../../../src/rpc/http2/channel.js';
import { createHttp2Server } from '../../../src/rpc/http2/server.js';
import { rpcContract } from '../contract.js';

rpcContract({
  name: 'http2 server, grpc-js channel',
  createServer: createHttp2Server,
  createChannel: (endpoint) => createGrpcJsChannel(endpoint, { clock: hostClock }),
});

rpcContract({
  name: 'http2 server and channel',
  createServer: createHttp2Server,
  createChannel: (endpoint) => createHttp2Channel(endpoint, { clock: hostClock }),
});

rpcContract({
  name: 'grpc-js server, http2 channel',
  createServer: createGrpcJsServer,
  createChannel: (endpoint) => createHttp2Channel(endpoint, { clock: hostClock }),
});
