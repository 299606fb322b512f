import { dirname, join } from 'node:path';
import type { Duplex, Readable, Writable } from 'node:stream';
import type { Clock } from '../../../../../base/clock.js';
import { openAppend, readFifo } from '../../../../../host/local-socket.js';
import { makeDirectory } from '../../../../../host/state-files.js';
import { CriLogLines, type LogStream } from './cri-log-lines.js';
import { encodeFrame } from './keeper-protocol.js';

/** An attached client that has more than this to read yet is let go. */
const attachedBytesMax = 4 * 1024 * 1024;

/** The log of one container: its two outputs, the file, and who is attached. */
export class KeptLog {
  readonly #clock: Clock;
  readonly #logPath: string;
  readonly #directory: string;
  readonly #onEnd: () => void;
  readonly #attached = new Set<Duplex>();
  readonly #outputs: Readable[] = [];
  #file: Writable | null = null;
  /** Outputs that may still bring something. */
  #openCount = 2;

  constructor(clock: Clock, directory: string, logPath: string, onEnd: () => void) {
    this.#clock = clock;
    this.#directory = directory;
    this.#logPath = logPath;
    this.#onEnd = onEnd;
  }

  /** Resolves once nothing that the container writes can be lost. */
  async open(): Promise<void> {
    await this.reopen();
    this.#follow('stdout', 1, await readFifo(join(this.#directory, 'stdout')));
    this.#follow('stderr', 2, await readFifo(join(this.#directory, 'stderr')));
  }

  /** Lets go of everything, for one that could not be opened as a whole. */
  close(): void {
    for (const output of this.#outputs) output.destroy();
    this.#file?.end();
    this.#file = null;
  }

  /** Lets go of the file and makes a new one of its name. */
  async reopen(): Promise<void> {
    await makeDirectory(dirname(this.#logPath));
    const file = await openAppend(this.#logPath);
    // A full disk costs log lines, not the container.
    file.on('error', () => undefined);
    this.#file?.end();
    this.#file = file;
  }

  /** Sends frames of what comes from now on. */
  attach(stream: Duplex): void {
    this.#attached.add(stream);
    stream.once('close', () => this.#attached.delete(stream));
    if (this.#openCount === 0) stream.end();
  }

  #follow(name: LogStream, number: 1 | 2, output: Readable): void {
    this.#outputs.push(output);
    const lines = new CriLogLines(name);
    output.on('data', (chunk: Buffer) => {
      this.#write(lines.add(chunk, this.#clock.wallTime()), output);
      for (const stream of this.#attached) this.#send(stream, encodeFrame(number, chunk));
    });
    output.on('error', () => output.destroy());
    output.once('close', () => {
      this.#write(lines.flush(this.#clock.wallTime()), null);
      this.#openCount -= 1;
      if (this.#openCount > 0) return;
      this.#file?.end();
      for (const stream of this.#attached) stream.end();
      this.#onEnd();
    });
  }

  #write(lines: Buffer, output: Readable | null): void {
    const file = this.#file;
    if (lines.length === 0 || file === null) return;
    if (file.write(lines) || output === null || file.destroyed) return;
    output.pause();
    const resume = () => {
      file.off('drain', resume).off('close', resume);
      output.resume();
    };
    file.on('drain', resume).on('close', resume);
  }

  #send(stream: Duplex, frame: Buffer): void {
    if (stream.writableLength > attachedBytesMax) stream.destroy();
    else stream.write(frame);
  }
}
