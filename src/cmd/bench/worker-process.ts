import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LocalResult } from './local-run.js';
import type { MeterSnapshot } from './meter.js';
import type { LoadSpec } from './spec.js';
import type { FromWorker, ToWorker } from './worker-messages.js';

/** A part of a load in a process of its own; the counterpart of worker.ts. Used as LocalRun is. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  #onMessage: (message: FromWorker) => void = () => {};
  #onEnd: (error: Error) => void = () => {};

  private constructor() {
    this.#child = fork(fileURLToPath(new URL('./worker.js', import.meta.url)));
    this.#child.on('message', (message: FromWorker) => this.#onMessage(message));
    this.#child.once('error', (error) => this.#onEnd(error));
    this.#child.once('exit', (code, signal) =>
      this.#onEnd(new Error(`a load process has ended (${signal ?? `exit code ${code}`})`)),
    );
  }

  static async setUp(spec: LoadSpec): Promise<WorkerProcess> {
    const worker = new WorkerProcess();
    await worker.#ask<true>({ type: 'set-up', spec }, (message) =>
      message.type === 'ready' ? true : null,
    );
    return worker;
  }

  run(options: {
    readonly onSnapshot: (snapshot: MeterSnapshot) => void;
    readonly signal: AbortSignal;
  }): Promise<LocalResult> {
    const stop = () => this.#send({ type: 'stop' });
    options.signal.addEventListener('abort', stop, { once: true });
    if (options.signal.aborted) stop();
    return this.#ask({ type: 'run' }, (message) => {
      if (message.type === 'snapshot') options.onSnapshot(message.snapshot);
      return message.type === 'done' ? message.result : null;
    });
  }

  async close(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
  }

  /** Sends a message and resolves with the first answer that `take` takes. */
  #ask<T>(message: ToWorker, take: (answer: FromWorker) => T | null): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#onEnd = reject;
      this.#onMessage = (answer) => {
        if (answer.type === 'failed') reject(new Error(answer.message));
        const taken = take(answer);
        if (taken !== null) resolve(taken);
      };
      this.#send(message);
    });
  }

  #send(message: ToWorker): void {
    if (this.#child.connected) this.#child.send(message);
  }
}
