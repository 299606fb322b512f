import type { Clock } from '../../base/clock.js';

interface Entry<T> {
  readonly answer: T;
  readonly expiresMs: number;
}

/** Answers that are believed for a while, and of equal questions at once one. Bounded: when it is full the oldest go. */
export class RememberedAnswers<T> {
  readonly #clock: Clock;
  readonly #countMax: number;
  readonly #ttlMs: (answer: T) => number;
  /** In the order in which they were given. */
  readonly #entries = new Map<string, Entry<T>>();
  readonly #pending = new Map<string, Promise<T>>();

  /** `ttlMs` says for how long an answer is believed. */
  constructor(
    clock: Clock,
    { countMax, ttlMs }: { readonly countMax: number; readonly ttlMs: (answer: T) => number },
  ) {
    this.#clock = clock;
    this.#countMax = countMax;
    this.#ttlMs = ttlMs;
  }

  /** The answer to the question `key`: the one that is remembered, or what `ask` finds out. Rejects as `ask` does, which is not remembered. */
  get(key: string, ask: () => Promise<T>): Promise<T> {
    const entry = this.#entries.get(key);
    if (entry !== undefined && entry.expiresMs > this.#clock.now()) {
      return Promise.resolve(entry.answer);
    }
    const pending = this.#pending.get(key);
    if (pending !== undefined) return pending;
    const asking = this.#ask(key, ask);
    this.#pending.set(key, asking);
    return asking;
  }

  async #ask(key: string, ask: () => Promise<T>): Promise<T> {
    try {
      const answer = await ask();
      this.#keep(key, answer);
      return answer;
    } finally {
      this.#pending.delete(key);
    }
  }

  #keep(key: string, answer: T): void {
    this.#entries.delete(key);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size < this.#countMax) break;
      this.#entries.delete(oldest);
    }
    const expiresMs = this.#clock.now() + this.#ttlMs(answer);
    this.#entries.set(key, { answer, expiresMs });
  }
}
