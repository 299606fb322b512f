import type { Test } from 'tap';
import { createHttp2Server } from '../../../src/rpc/http2/server.js';
import { implementService, type ServiceHandlers } from '../../../src/rpc/implement.js';
import { Echo } from '../echo-service.js';
import { type Served, type ServeOptions, serve } from '../support.js';

/** Serves Echo with the engine on our own HTTP/2 layer. */
export function serveEcho(
  t: Test,
  handlers: ServiceHandlers<typeof Echo>,
  options?: ServeOptions,
): Promise<Served> {
  const service = implementService(Echo, handlers);
  return serve(t, { createServer: createHttp2Server }, [service], options);
}
