import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../../../base/clock.js';
import type { ProcessSession } from '../runtime/container-runtime.js';
import type { CommandEnd } from './command-status.js';

/** Which streams of a process a client wants. */
export interface StreamChoice {
  readonly stdin: boolean;
  readonly stdout: boolean;
  /** Never together with `tty`. */
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** The client's ends of them, whatever protocol they travel in. */
export interface RemoteStreams {
  readonly stdin: Readable | null;
  readonly stdout: Writable | null;
  readonly stderr: Writable | null;
  /** Sizes of the client's terminal, as JSON; null without one. */
  readonly resizes: Readable | null;
  /** Says how it ended, and closes the connection once that and all output has left. */
  end(how: CommandEnd): Promise<void>;
  /** Calls back when the client has gone. */
  onGone(callback: () => void): void;
}

/** How long the output of a process that has ended is waited for while nothing comes: its own children may have it still. */
const quietMsMax = 5000;

/** Joins a process with a client, until the process ends or the client goes. Resolves with what came of it. Never rejects. */
export async function runRemoteCommand(
  streams: RemoteStreams,
  open: () => Promise<ProcessSession>,
  clock: Clock,
): Promise<void> {
  let session: ProcessSession;
  try {
    session = await open();
  } catch (error) {
    await streams.end({ kind: 'failed', error: error as Error });
    return;
  }
  streams.onGone(() => session.close());
  feedInput(streams, session);
  const outputs = new Outputs(clock, [
    [session.stdout, streams.stdout],
    [session.stderr, streams.stderr],
  ]);
  const how = await session.ended.then(
    (exitCode): CommandEnd => ({ kind: 'exited', exitCode }),
    (error: Error): CommandEnd => ({ kind: 'failed', error }),
  );
  await outputs.drained();
  await streams.end(how);
  session.close();
}

function feedInput({ stdin, resizes }: RemoteStreams, session: ProcessSession): void {
  resizes?.on('data', resizer(session));
  if (stdin === null) return;
  const sink = session.stdin;
  if (sink === null) {
    stdin.resume();
    return;
  }
  // A process need not read its input: whatever goes wrong with it is not the client's business.
  sink.on('error', () => stdin.destroy());
  sink.once('close', () => stdin.destroy());
  stdin.pipe(sink);
}

/** Takes sizes out of a stream of JSON documents: `{"Width":80,"Height":24}`. What is none is passed over. */
function resizer(session: ProcessSession): (chunk: Buffer) => void {
  let text = '';
  return (chunk) => {
    text += chunk.toString('latin1');
    for (;;) {
      const end = text.indexOf('}');
      if (end < 0) break;
      const size = sizeOf(text.slice(0, end + 1));
      text = text.slice(end + 1);
      if (size !== null) session.resize(size.columns, size.rows);
    }
    if (text.length > sizeTextMax) text = '';
  };
}

const sizeTextMax = 4096;

function sizeOf(text: string): { readonly columns: number; readonly rows: number } | null {
  try {
    const { Width: columns, Height: rows } = JSON.parse(text);
    return isCells(columns) && isCells(rows) ? { columns, rows } : null;
  } catch {
    return null;
  }
}

function isCells(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536;
}

/** Passes output on, and knows when there is no more. */
class Outputs {
  readonly #clock: Clock;
  readonly #ends: Promise<void>[] = [];
  readonly #sinks: Writable[] = [];
  #lastMs: number;

  constructor(clock: Clock, pairs: readonly (readonly [Readable | null, Writable | null])[]) {
    this.#clock = clock;
    this.#lastMs = clock.now();
    for (const [source, sink] of pairs) {
      if (source === null) continue;
      if (sink === null) {
        source.resume();
        continue;
      }
      this.#sinks.push(sink);
      source.on('data', () => {
        this.#lastMs = clock.now();
      });
      this.#ends.push(ended(source));
      source.pipe(sink, { end: false });
    }
  }

  /** Resolves when every source has ended, or nothing has come for a while although it could. */
  async drained(): Promise<void> {
    let isOver = false;
    const all = Promise.all(this.#ends).then(() => {
      isOver = true;
    });
    this.#lastMs = this.#clock.now();
    while (!isOver) {
      await Promise.race([all, this.#pause()]);
      const isHeldBack = this.#sinks.some((sink) => sink.writableNeedDrain && !sink.destroyed);
      if (!isHeldBack && this.#clock.now() - this.#lastMs >= quietMsMax) return;
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.setTimer(quietMsMax / 10, resolve);
    });
  }
}

function ended(source: Readable): Promise<void> {
  if (source.readableEnded || source.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    source.once('end', resolve);
    source.once('close', resolve);
    source.once('error', () => resolve());
  });
}
