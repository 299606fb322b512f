import { type Clock, sleep } from './clock.js';
import type { Logger } from './logger.js';

/** Between looks at the file, as in Kubernetes. */
const lookMs = 60_000;
/** After the file system told of a change: whoever writes may not be done yet. */
const settleMs = 100;

/** What is told of each reload. */
export interface ReloadObserver {
  onReload(result: 'success' | 'failure'): void;
}

/** What reloading a file needs. */
export interface ConfigReloaderOptions {
  /** What the log calls it: `encryption configuration`. */
  readonly what: string;
  /** The text of the file now. */
  readonly read: () => Promise<string>;
  /** Takes a new text over. Rejects when it cannot be used; what was before goes on then. */
  readonly apply: (text: string) => Promise<void>;
  /** Calls back when the file may have changed, until it is closed; missing a change is no harm, it is looked at every minute. */
  readonly watch: (onChange: () => void) => { close(): void };
  readonly observer: ReloadObserver;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Looks after a configuration file: what changes in it is taken over, what cannot be used is told of and tried again. */
export class ConfigReloader {
  readonly #options: ConfigReloaderOptions;
  /** What is in use. */
  #text: string;
  #wake: () => void = () => {};

  /** `text` is what is in use already. */
  constructor(text: string, options: ConfigReloaderOptions) {
    this.#text = text;
    this.#options = options;
  }

  /** Goes on until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, watch } = this.#options;
    let isTold = false;
    const watcher = watch(() => {
      isTold = true;
      this.#wake();
    });
    while (!signal.aborted) {
      if (!isTold) await this.#pause(signal);
      // One wait for all that a writer does at once.
      if (isTold) await sleep(clock, settleMs, signal).catch(() => {});
      isTold = false;
      if (!signal.aborted) await this.#look();
    }
    watcher.close();
  }

  async #look(): Promise<void> {
    const { what, read, apply, observer, logger } = this.#options;
    try {
      const text = await read();
      if (text === this.#text) return;
      await apply(text);
      this.#text = text;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      logger.error(`the ${what} was not reloaded`, { error: why });
      observer.onReload('failure');
      return;
    }
    logger.info(`the ${what} was reloaded`);
    observer.onReload('success');
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    await sleep(this.#options.clock, lookMs, AbortSignal.any([signal, woken.signal])).catch(
      () => {},
    );
  }
}
