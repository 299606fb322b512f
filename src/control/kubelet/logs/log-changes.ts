import type { Timer } from '../../../base/clock.js';
import type { ContainerLog } from './read-container-log.js';

/** How often is looked without being told: the end of a container changes no file. */
const lookMs = 500;

/** Waits until a log may have more. */
export class LogChanges {
  readonly #log: ContainerLog;
  readonly #signal: AbortSignal;
  readonly #watch: { close(): void };
  /** Something changed since it was looked last. */
  #hasChanged = false;
  #wake: (() => void) | null = null;

  constructor(log: ContainerLog, signal: AbortSignal) {
    this.#log = log;
    this.#signal = signal;
    const { files, path } = log;
    const folder = path.slice(0, Math.max(1, path.lastIndexOf('/')));
    this.#watch = files.watchFolder(folder, () => {
      this.#hasChanged = true;
      this.#wake?.();
    });
    signal.addEventListener('abort', this.#onAbort);
  }

  /** Resolves when something may have changed since it last did, or nobody waits any more. */
  async next(): Promise<void> {
    const { clock } = this.#log;
    let timer: Timer | null = null;
    if (!this.#hasChanged && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = clock.setTimer(lookMs, resolve);
      });
    }
    if (timer !== null) clock.clearTimer(timer);
    this.#wake = null;
    this.#hasChanged = false;
  }

  close(): void {
    this.#watch.close();
    this.#signal.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = () => this.#wake?.();
}
