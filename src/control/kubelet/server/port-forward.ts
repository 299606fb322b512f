import type { Clock } from '../../../base/clock.js';
import { isUpgradable } from '../../../rpc/upgrade-answer.js';
import { answerHandshake, asksForWebSocket } from '../../../rpc/websocket/handshake.js';
import { WebSocket } from '../../../rpc/websocket/web-socket.js';
import type { KubeletView } from '../kubelet-view.js';
import type { ForwardedPod } from '../streaming/port-forward.js';
import { answerSpdyHandshake, asksForSpdy } from '../streaming/spdy/handshake.js';
import { portForwardProtocol, servePortForward } from '../streaming/spdy/port-forward-streams.js';
import {
  channelForwardProtocols,
  serveChannelForward,
} from '../streaming/websocket/port-forward-channels.js';
import { tunnelOf } from '../streaming/websocket/tunnel.js';
import { type KubeletCall, sendText } from './call.js';

/** SPDY within the messages of a WebSocket. */
const tunnelProtocol = `SPDY/3.1+${portForwardProtocol}`;

interface ForwardParts {
  readonly view: KubeletView;
  readonly clock: Clock;
  readonly idleMs: number;
}

/** GET and POST of /portForward/NAMESPACE/POD[/UID]. */
export async function answerPortForward(call: KubeletCall, parts: ForwardParts): Promise<void> {
  const [, namespace = '', name = '', uid] = call.parts;
  const { view, clock, idleMs } = parts;
  const pod = view.findPod(namespace, name, uid);
  if (pod === null) return sendText(call, 404, 'pod does not exist');
  const sandbox = await view.findSandbox(namespace, name, pod.metadata.uid);
  if (sandbox === null) {
    return sendText(call, 500, `cannot find pod ${JSON.stringify(`${name}_${namespace}`)}`);
  }
  const { request, response } = call;
  if (!isUpgradable(response)) return sendText(call, 400, 'Upgrade request required');
  const target: ForwardedPod = {
    name,
    uid: pod.metadata.uid ?? '',
    connect: (port) => view.runtime.portForward(sandbox, port),
  };
  const ports = portsOf(call.query);
  if (asksForSpdy(request)) {
    const handshake = answerSpdyHandshake(request, [portForwardProtocol], portForwardProtocol);
    if (handshake.kind === 'refused') return sendText(call, handshake.status, handshake.text);
    const { socket, head } = response.takeConnection();
    socket.write(handshake.answer);
    return servePortForward({ socket, head, pod: target, clock, idleMs });
  }
  if (!asksForWebSocket(request)) return sendText(call, 400, 'Upgrade request required');
  const handshake = answerHandshake(request, [tunnelProtocol, ...channelForwardProtocols]);
  if (handshake.kind === 'refused') return sendText(call, handshake.status, handshake.text);
  const { protocol } = handshake;
  if (protocol !== tunnelProtocol && (ports === null || ports.length === 0)) {
    return sendText(call, 400, 'query parameter "port" is required');
  }
  const { socket, head } = response.takeConnection();
  socket.write(handshake.answer);
  if (protocol === tunnelProtocol) {
    const tunnel = tunnelOf(new WebSocket({ socket, head, clock, idleMs }));
    return servePortForward({ socket: tunnel, head: noBytes, pod: target, clock, idleMs });
  }
  const channels = { socket, head, protocol, pod: target, clock, idleMs };
  return serveChannelForward({ ...channels, ports: ports ?? [] });
}

const noBytes = new Uint8Array(0);
/** Connections of one request; each has two channels, whose numbers are bytes. */
const portsMax = 100;

/** The ports that are named; null: one of them is none. */
function portsOf(query: URLSearchParams): readonly number[] | null {
  const texts = query.getAll('port').flatMap((text) => text.split(','));
  const ports = texts.map((text) => (/^\d+$/.test(text) ? Number(text) : 0));
  const areGood = ports.every((port) => port > 0 && port < 65_536) && ports.length <= portsMax;
  return areGood ? ports : null;
}
