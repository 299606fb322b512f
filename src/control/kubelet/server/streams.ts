import type { Clock } from '../../../base/clock.js';
import { isUpgradable } from '../../../rpc/upgrade-answer.js';
import { answerHandshake, asksForWebSocket } from '../../../rpc/websocket/handshake.js';
import type { FoundContainer, KubeletView } from '../kubelet-view.js';
import type { ProcessSession } from '../runtime/container-runtime.js';
import type { CommandKind } from '../streaming/command-status.js';
import type { RemoteStreams, StreamChoice } from '../streaming/remote-command.js';
import { runRemoteCommand } from '../streaming/remote-command.js';
import {
  oldestCommandProtocol,
  openSpdyCommand,
  spdyCommandProtocols,
} from '../streaming/spdy/command-streams.js';
import { answerSpdyHandshake, asksForSpdy } from '../streaming/spdy/handshake.js';
import { commandProtocols, openCommandSocket } from '../streaming/websocket/command-streams.js';
import { type KubeletCall, sendText } from './call.js';

/** What streams are made with. */
export interface StreamParts {
  readonly view: KubeletView;
  readonly clock: Clock;
  /** Milliseconds without traffic after which a stream is ended; 0 for never. */
  readonly idleMs: number;
}

/** A container as a path names it. */
export interface Place {
  readonly namespace: string;
  readonly pod: string;
  readonly uid?: string;
  readonly container: string;
}

/** GET and POST of /exec and /attach: NAMESPACE/POD[/UID]/CONTAINER. */
export async function answerCommand(
  call: KubeletCall,
  kind: CommandKind,
  parts: StreamParts,
): Promise<void> {
  const choice = choiceOf(call.query);
  if (choice === null) {
    return sendText(call, 400, 'you must specify at least 1 of stdin, stdout, stderr');
  }
  const place = placeOf(call.parts);
  const { view } = parts;
  if (view.findPod(place.namespace, place.pod) === null) {
    return sendText(call, 404, 'pod does not exist');
  }
  const container = await view.findContainer(place);
  if (container === null || container.state !== 'running') {
    return sendText(call, 500, `container not found (${JSON.stringify(place.container)})`);
  }
  const command = kind === 'exec' ? call.query.getAll('command') : [];
  const streams = await openStreams(call, { ...parts, kind, choice, command });
  if (streams === null) return;
  await runRemoteCommand(
    streams,
    () => openSession(view, container, { kind, choice, command }),
    parts.clock,
  );
}

/** Which container a path names: last; four parts have the pod's uid before it. */
export function placeOf([
  ,
  namespace = '',
  pod = '',
  third = '',
  fourth,
]: readonly string[]): Place {
  return fourth === undefined
    ? { namespace, pod, container: third }
    : { namespace, pod, uid: third, container: fourth };
}

function choiceOf(query: URLSearchParams): StreamChoice | null {
  const has = (name: string) => query.get(name) === '1';
  const tty = has('tty');
  const choice = {
    ...{ tty, stdin: has('input'), stdout: has('output') },
    // A terminal has one output.
    stderr: has('error') && !tty,
  };
  return choice.stdin || choice.stdout || choice.stderr ? choice : null;
}

function openSession(
  { runtime }: KubeletView,
  { containerId, stdin, tty }: FoundContainer,
  about: {
    readonly kind: CommandKind;
    readonly choice: StreamChoice;
    readonly command: readonly string[];
  },
): Promise<ProcessSession> {
  const { kind, choice, command } = about;
  if (kind === 'exec') return runtime.exec(containerId, { ...choice, command });
  // What the container does not have cannot be attached to.
  const request = { ...choice, stdin: choice.stdin && stdin, tty: choice.tty && tty };
  return runtime.attach(containerId, request);
}

interface OpenOptions extends StreamParts {
  readonly kind: CommandKind;
  readonly choice: StreamChoice;
  readonly command: readonly string[];
}

/** Switches the connection to what the client speaks. Null: it was refused, and has been told. */
async function openStreams(call: KubeletCall, options: OpenOptions): Promise<RemoteStreams | null> {
  const { request, response } = call;
  if (!isUpgradable(response)) {
    sendText(call, 400, 'Upgrade request required');
    return null;
  }
  if (asksForWebSocket(request)) {
    const handshake = answerHandshake(request, commandProtocols);
    if (handshake.kind === 'refused') {
      sendText(call, handshake.status, handshake.text);
      return null;
    }
    const { socket, head } = response.takeConnection();
    socket.write(handshake.answer);
    return openCommandSocket({ ...options, socket, head, protocol: handshake.protocol });
  }
  if (asksForSpdy(request)) {
    const handshake = answerSpdyHandshake(request, spdyCommandProtocols, oldestCommandProtocol);
    if (handshake.kind === 'refused') {
      sendText(call, handshake.status, handshake.text);
      return null;
    }
    const { socket, head } = response.takeConnection();
    socket.write(handshake.answer);
    return openSpdyCommand({ ...options, socket, head, protocol: handshake.protocol });
  }
  sendText(call, 400, 'Upgrade request required');
  return null;
}
