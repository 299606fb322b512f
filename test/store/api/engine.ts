import { createGrpcJsChannel } from '../../../src/rpc/grpc-js/channel.js';
import { createGrpcJsServer } from '../../../src/rpc/grpc-js/server.js';
import { createHttp2Channel, createHttp2Server } from '../../../src/rpc/http2/index.js';
import { type Engine, realClock } from '../../rpc/support.js';

/** The engine that people get. */
const http2: Engine = {
  name: 'http2',
  createServer: createHttp2Server,
  createChannel: (endpoint) => createHttp2Channel(endpoint, { clock: realClock }),
};

/** The engine of reference. */
const grpcJs: Engine = {
  name: 'grpc-js',
  createServer: createGrpcJsServer,
  createChannel: (endpoint) => createGrpcJsChannel(endpoint, { clock: realClock }),
};

let current = http2;

/** What carries the calls of the API's tests in this process. */
export function apiEngine(): Engine {
  return current;
}

/** Has the tests of this process run on grpc-js. Call it before they begin. */
export function useGrpcJs(): void {
  current = grpcJs;
}
