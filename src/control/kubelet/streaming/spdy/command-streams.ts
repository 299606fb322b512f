import type { Duplex } from 'node:stream';
import { defined } from '../../../../base/assert.js';
import type { Clock } from '../../../../base/clock.js';
import { type CommandKind, endText } from '../command-status.js';
import { flushed } from '../flushed.js';
import type { RemoteStreams, StreamChoice } from '../remote-command.js';
import { SpdyConnection } from './spdy-connection.js';
import type { SpdyStream } from './spdy-stream.js';

interface CommandProtocol {
  /** How it ended is said as a Status. */
  readonly hasStatus: boolean;
  /** With a terminal there is a stream for its sizes. */
  readonly hasResize: boolean;
}

const protocols: Readonly<Record<string, CommandProtocol>> = {
  'v4.channel.k8s.io': { hasStatus: true, hasResize: true },
  'v3.channel.k8s.io': { hasStatus: false, hasResize: true },
  'v2.channel.k8s.io': { hasStatus: false, hasResize: false },
  'channel.k8s.io': { hasStatus: false, hasResize: false },
};

/** The protocols of commands over SPDY. */
export const spdyCommandProtocols: readonly string[] = Object.keys(protocols);
/** That of clients that name none. */
export const oldestCommandProtocol = 'channel.k8s.io';

/** How long a client may take to open its streams. */
const openMsMax = 30_000;

/** What the streams of a command over SPDY are made of. */
export interface SpdyCommandOptions {
  readonly socket: Duplex;
  readonly head: Uint8Array;
  /** One of {@link spdyCommandProtocols}. */
  readonly protocol: string;
  readonly choice: StreamChoice;
  readonly kind: CommandKind;
  readonly command: readonly string[];
  readonly clock: Clock;
  readonly idleMs: number;
}

/** The streams of a command, once the client has opened all that it has asked for; null: it has not, and is gone. */
export async function openSpdyCommand(options: SpdyCommandOptions): Promise<RemoteStreams | null> {
  const { choice, kind, command } = options;
  const protocol = protocols[options.protocol];
  if (protocol === undefined) return null;
  const opened = await openWanted(options, wantedStreams(choice, protocol));
  if (opened === null) return null;
  const { connection, streams } = opened;
  const outputs = ['stdout', 'stderr'].flatMap((type) => streams.get(type)?.output ?? []);
  const errors = defined(streams.get('error')).output;
  return {
    stdin: streams.get('stdin')?.input ?? null,
    stdout: streams.get('stdout')?.output ?? null,
    stderr: streams.get('stderr')?.output ?? null,
    resizes: streams.get('resize')?.input ?? null,
    async end(how) {
      for (const output of outputs) await flushed(output);
      const text = endText(how, { kind, command }, protocol.hasStatus);
      if (text !== '') errors.write(text);
      await flushed(errors);
      connection.close();
    },
    onGone: (callback) => connection.onGone(callback),
  };
}

/** A connection on which the client has opened the streams of these types, and no others; null: it did not in time. */
async function openWanted(options: SpdyCommandOptions, types: readonly string[]) {
  const { clock } = options;
  const missing = new Set(types);
  const streams = new Map<string, SpdyStream>();
  let onComplete: (isComplete: boolean) => void = () => {};
  const complete = new Promise<boolean>((resolve) => {
    onComplete = resolve;
  });
  const connection = new SpdyConnection({
    ...options,
    onStream(stream) {
      const type = stream.headers.get('streamtype') ?? '';
      if (!missing.delete(type)) return false;
      streams.set(type, stream);
      if (missing.size === 0) onComplete(true);
      return true;
    },
  });
  void connection.run();
  connection.onGone(() => onComplete(false));
  const timer = clock.setTimer(openMsMax, () => onComplete(false));
  const isComplete = await complete;
  clock.clearTimer(timer);
  if (isComplete) return { connection, streams };
  connection.close();
  return null;
}

function wantedStreams(
  { stdin, stdout, stderr, tty }: StreamChoice,
  { hasResize }: CommandProtocol,
): readonly string[] {
  const rows: readonly (readonly [string, boolean])[] = [
    ['error', true],
    ['stdin', stdin],
    ['stdout', stdout],
    ['stderr', stderr],
    ['resize', tty && hasResize],
  ];
  return rows.filter(([, isWanted]) => isWanted).map(([type]) => type);
}
