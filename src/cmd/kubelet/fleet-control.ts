import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { SimulatedNodes } from '../../control/kubelet/simulated/index.js';
import { createHttp2Server } from '../../rpc/http2/index.js';
import { listen, type WebRequest } from '../../rpc/index.js';

const silenceMsMax = 10_000;

/** A port on which a fleet takes orders. */
export interface FleetControl {
  readonly url: string;
  close(): Promise<void>;
}

/** What is answered: a status and a document. */
interface ControlAnswer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * Serves on 127.0.0.1: `GET /nodes` tells of the fleet, `POST /nodes/NAME/stop` takes a node's power away and `POST /nodes/NAME/start`
 * gives it back. Nobody is asked who he is. Rejects with ListenError.
 */
export async function serveFleetControl(
  nodes: SimulatedNodes,
  port: number,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<FleetControl> {
  const rpc = createHttp2Server({
    ...{ services: [], clock, logger, keepalive: { intervalMs: 0, timeoutMs: 0 } },
    limits: { receiveBytesMax: 1 << 16, concurrentStreamsMax: 16 },
  });
  const listener = await listen({
    url: `http://127.0.0.1:${port}`,
    ...{ tls: null, rpc, http: new Map(), clock, logger, silenceMsMax },
    web: async (request, response) => {
      const { status, body } = answerTo(nodes, request);
      response.start(status, { 'content-type': 'application/json' });
      response.end(Buffer.from(`${JSON.stringify(body)}\n`));
    },
  });
  const url = `http://127.0.0.1:${listener.port}`;
  const close = async () => {
    await Promise.all([rpc.close({ graceMs: 0 }), listener.close({ graceMs: 0 })]);
  };
  return { url, close };
}

function answerTo(nodes: SimulatedNodes, { method, path }: WebRequest): ControlAnswer {
  if (path === '/nodes') {
    return method === 'GET' ? { status: 200, body: nodes.state } : notAllowed;
  }
  const [, name = '', order = ''] = /^\/nodes\/([^/]+)\/(start|stop)$/.exec(path) ?? [];
  if (name === '') return { status: 404, body: { message: 'ask for /nodes' } };
  if (method !== 'POST') return notAllowed;
  const isThere = order === 'stop' ? nodes.stopNode(name) : nodes.startNode(name);
  if (isThere) return { status: 200, body: { name, order } };
  return { status: 404, body: { message: `there is no node ${JSON.stringify(name)}` } };
}

const notAllowed: ControlAnswer = { status: 405, body: { message: 'the method is not allowed' } };
