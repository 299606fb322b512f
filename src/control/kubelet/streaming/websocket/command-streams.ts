import type { Duplex } from 'node:stream';
import type { Clock } from '../../../../base/clock.js';
import { WebSocket } from '../../../../rpc/websocket/web-socket.js';
import { closeCodes } from '../../../../rpc/websocket/web-socket-error.js';
import { type CommandEnd, type CommandKind, endText } from '../command-status.js';
import { flushed } from '../flushed.js';
import type { RemoteStreams, StreamChoice } from '../remote-command.js';
import { type ChannelEncoding, Channels } from './channels.js';

/** Numbers of the channels of a command. */
const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;

interface CommandProtocol extends ChannelEncoding {
  /** How it ended is said as a Status. */
  readonly hasStatus: boolean;
}

const old = { isBase64: false, hasCloseSignal: false, hasStatus: false } as const;

const protocols: Readonly<Record<string, CommandProtocol>> = {
  'v5.channel.k8s.io': { isBase64: false, hasCloseSignal: true, hasStatus: true },
  'v4.channel.k8s.io': { isBase64: false, hasCloseSignal: false, hasStatus: true },
  'v4.base64.channel.k8s.io': { isBase64: true, hasCloseSignal: false, hasStatus: true },
  'channel.k8s.io': old,
  'base64.channel.k8s.io': { ...old, isBase64: true },
};

/** The protocols of commands over WebSocket. */
export const commandProtocols: readonly string[] = Object.keys(protocols);

/** What the streams of a command over WebSocket are made of. */
export interface CommandSocketOptions {
  readonly socket: Duplex;
  readonly head: Uint8Array;
  /** One of {@link commandProtocols}; null: the client named none. */
  readonly protocol: string | null;
  readonly choice: StreamChoice;
  readonly kind: CommandKind;
  readonly command: readonly string[];
  readonly clock: Clock;
  readonly idleMs: number;
}

/** The streams of a command on a WebSocket whose handshake is done. */
export function openCommandSocket(options: CommandSocketOptions): RemoteStreams {
  const { choice, kind, command } = options;
  const protocol = protocols[options.protocol ?? ''] ?? old;
  const socket = new WebSocket(options);
  const channels = new Channels(socket, protocol);
  const errors = channels.writable(channel.error);
  const stdout = choice.stdout ? channels.writable(channel.stdout) : null;
  const stderr = choice.stderr ? channels.writable(channel.stderr) : null;
  const stdin = choice.stdin ? channels.readable(channel.stdin) : null;
  const resizes = choice.tty ? channels.readable(channel.resize) : null;
  // Clients wait for a first sign on the lowest channel that they read.
  if (choice.stdout) channels.announce(channel.stdout);
  else channels.announce(choice.stderr ? channel.stderr : channel.error);
  void channels.run();
  return {
    ...{ stdin, stdout, stderr, resizes },
    async end(how: CommandEnd) {
      for (const output of [stdout, stderr]) if (output !== null) await flushed(output);
      const text = endText(how, { kind, command }, protocol.hasStatus);
      if (text !== '') errors.write(text);
      await flushed(errors);
      socket.close(closeCodes.normal, '');
    },
    onGone: (callback) => socket.onGone(callback),
  };
}
