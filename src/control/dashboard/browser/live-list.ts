import { Collection, type ReadItems, type WatchEvent } from '../model/collection.js';
import { type Api, type ApiError, ApiError as ApiProblem, asApiError, isAbort } from './api.js';

/** What is known of a list at a moment; a new object whenever something changed. */
export interface Snapshot<Item> {
  readonly items: readonly Item[];
  /** All of them are there. */
  readonly isComplete: boolean;
  /** Why nothing new is told; null while the watch stands. */
  readonly problem: ApiError | null;
}

/** Changes are shown together, this often at most. */
const drawIntervalMs = 100;
const retryMsMin = 500;
const retryMsMax = 15_000;

/** Refusals that asking again does not mend. */
const finalCodes: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 406]);

/**
 * A list that is kept up to date by one watch from when it is started until it is stopped. The watch begins with all objects, goes on
 * where it broke off, and begins anew where that is too long ago.
 */
export class LiveList<Item> {
  readonly #api: Api;
  readonly #path: string;
  readonly #accept: string;
  readonly #collection: Collection<Item>;
  readonly #onChange: (snapshot: Snapshot<Item>) => void;
  readonly #stop = new AbortController();
  /** Null: nothing waits to be shown. */
  #timer: number | null = null;
  #problem: ApiError | null = null;
  /** The pause before the next watch; it grows until one tells something. */
  #retryMs = retryMsMin;

  constructor(options: {
    readonly api: Api;
    /** Of the resource, with its selectors. */
    readonly path: string;
    readonly accept: string;
    readonly read: ReadItems<Item>;
    readonly onChange: (snapshot: Snapshot<Item>) => void;
  }) {
    this.#api = options.api;
    this.#path = options.path;
    this.#accept = options.accept;
    this.#collection = new Collection(options.read);
    this.#onChange = options.onChange;
  }

  /** Starts the watch. */
  start(): void {
    void this.#run();
  }

  /** Ends the watch; nothing is told any more. */
  stop(): void {
    this.#stop.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#watchOnce();
      } catch (error) {
        if (isAbort(error)) return;
        const problem = asApiError(error);
        if (problem.code === 410) this.#collection.restart();
        else this.#setProblem(problem);
        if (finalCodes.has(problem.code)) return;
      }
      await pause(this.#retryMs, this.#stop.signal);
      this.#retryMs = Math.min(retryMsMax, this.#retryMs * 2);
    }
  }

  async #watchOnce(): Promise<void> {
    if (!this.#isResumable()) this.#collection.restart();
    const { signal } = this.#stop;
    for await (const lines of this.#api.lines(this.#watchPath(), {
      accept: this.#accept,
      signal,
    })) {
      this.#retryMs = retryMsMin;
      if (this.#problem !== null) this.#setProblem(null);
      let hasChanged = false;
      for (const line of lines) {
        if (line === '') continue;
        const outcome = this.#collection.take(JSON.parse(line) as WatchEvent);
        if (typeof outcome === 'object') throw new ApiProblem(outcome.code, '', outcome.message);
        hasChanged ||= outcome;
      }
      if (hasChanged) this.#drawSoon();
    }
  }

  #isResumable(): boolean {
    return this.#collection.resourceVersion !== '';
  }

  #watchPath(): string {
    const { resourceVersion } = this.#collection;
    const query = new URLSearchParams({ watch: '1', allowWatchBookmarks: 'true' });
    if (resourceVersion !== '') query.set('resourceVersion', resourceVersion);
    else {
      query.set('sendInitialEvents', 'true');
      query.set('resourceVersionMatch', 'NotOlderThan');
    }
    return `${this.#path}${this.#path.includes('?') ? '&' : '?'}${query}`;
  }

  #setProblem(problem: ApiError | null): void {
    this.#problem = problem;
    this.#drawSoon();
  }

  #drawSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      const { items, isComplete } = this.#collection;
      this.#onChange({ items: [...items.values()], isComplete, problem: this.#problem });
    }, drawIntervalMs);
  }
}

/** Waits; earlier when the page does not want it any more. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
