import type { Duplex } from 'node:stream';
import type { Clock } from '../../../../base/clock.js';
import { WebSocket } from '../../../../rpc/websocket/web-socket.js';
import { type ForwardedPod, forwardConnection } from '../port-forward.js';
import { Channels } from './channels.js';

const encodings: Readonly<Record<string, { readonly isBase64: boolean }>> = {
  'v4.channel.k8s.io': { isBase64: false },
  'v4.base64.channel.k8s.io': { isBase64: true },
};

/** The protocols in which ports are forwarded over the channels of a WebSocket: one connection for each port that the request names. */
export const channelForwardProtocols: readonly string[] = Object.keys(encodings);

/** What port forwarding over channels is made of. */
export interface ChannelForwardOptions {
  readonly socket: Duplex;
  readonly head: Uint8Array;
  /** Null: the client named none. */
  readonly protocol: string | null;
  readonly ports: readonly number[];
  readonly pod: ForwardedPod;
  readonly clock: Clock;
  readonly idleMs: number;
}

/** Serves one connection for each port, data on channel 2n and what went wrong on 2n + 1, until the client goes or all have ended. */
export async function serveChannelForward(options: ChannelForwardOptions): Promise<void> {
  const { isBase64 } = encodings[options.protocol ?? ''] ?? { isBase64: false };
  const socket = new WebSocket(options);
  const channels = new Channels(socket, { isBase64, hasCloseSignal: false });
  const connections = options.ports.map((port, index) => {
    const output = channels.writable(index * 2);
    const errors = channels.writable(index * 2 + 1);
    const number = Buffer.alloc(2);
    number.writeUInt16LE(port);
    // Both channels begin with the port that they are of.
    output.write(number);
    errors.write(number);
    const input = channels.readable(index * 2);
    socket.onGone(() => input.destroy());
    const end = (problem: string) => {
      if (problem === '') errors.end();
      else errors.end(problem);
    };
    return forwardConnection({ port, input, output, end }, options.pod);
  });
  const running = channels.run();
  await Promise.all(connections);
  socket.close(1000, '');
  await running;
}
