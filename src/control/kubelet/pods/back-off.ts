import type { Clock } from '../../../base/clock.js';

interface Entry {
  pauseMs: number;
  /** When the pause was made longer last. */
  atMs: number;
}

/** Pauses: the shortest, doubling to the longest. */
export interface BackOffSettings {
  readonly baseMs: number;
  readonly maxMs: number;
}

/** Kubernetes' for containers that crash and images that cannot be pulled. */
export const standardBackOff: BackOffSettings = { baseMs: 10_000, maxMs: 300_000 };

/** Growing pauses by key. One that was well for twice the longest pause begins anew. */
export class BackOff {
  readonly #clock: Clock;
  readonly #settings: BackOffSettings;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock, settings: BackOffSettings = standardBackOff) {
    this.#clock = clock;
    this.#settings = settings;
  }

  /** Milliseconds that must pass yet since what failed at `sinceMs` (wall time); 0: none. */
  remainingMs(key: string, sinceMs: number): number {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#isPast(entry, sinceMs)) return 0;
    return Math.max(0, sinceMs + entry.pauseMs - this.#clock.wallTime());
  }

  /** The pause in force; 0: none. */
  pauseMs(key: string): number {
    return this.#entries.get(key)?.pauseMs ?? 0;
  }

  /** Goes on to the next pause, after a try for what failed at `sinceMs`. */
  next(key: string, sinceMs: number): void {
    const { baseMs, maxMs } = this.#settings;
    const entry = this.#entries.get(key);
    const isNew = entry === undefined || this.#isPast(entry, sinceMs);
    const pauseMs = isNew ? baseMs : Math.min(maxMs, entry.pauseMs * 2);
    this.#entries.set(key, { pauseMs, atMs: this.#clock.wallTime() });
  }

  /** Forgets keys that begin with a prefix: a pod is gone. */
  forget(prefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key);
  }

  #isPast({ atMs }: Entry, sinceMs: number): boolean {
    return sinceMs - atMs > 2 * this.#settings.maxMs;
  }
}
