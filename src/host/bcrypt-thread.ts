import { Worker } from 'node:worker_threads';
import { assert } from '../base/assert.js';
import type { BcryptAnswer, BcryptJob } from './bcrypt-worker.js';

/** Passwords that may wait for the thread. */
const jobsMax = 256;

/** Too many passwords wait to be hashed or compared. Nothing was done. */
export class BcryptBusyError extends Error {
  override readonly name = 'BcryptBusyError';
  constructor() {
    super(`${jobsMax} passwords wait to be hashed or compared: try again later`);
  }
}

interface Waiter {
  resolve(answer: string | boolean): void;
  reject(error: Error): void;
}

/**
 * bcrypt on a thread of its own, one password after the other: it takes a tenth of a second each, by design. The thread starts
 * with the first password, and does not keep the process alive when it has nothing to do.
 */
export class BcryptThread {
  #worker: Worker | null = null;
  readonly #waiting = new Map<number, Waiter>();
  #lastId = 0;

  /** Rejects with {@link BcryptBusyError}. `cost` is 4 to 31. */
  async hash(password: string, cost: number): Promise<string> {
    const hash = await this.#ask({ kind: 'hash', password, cost });
    assert(typeof hash === 'string');
    return hash;
  }

  /** Whether the hash is of the password; false when it is none. Rejects with {@link BcryptBusyError}. */
  async matches(password: string, hash: string): Promise<boolean> {
    return (await this.#ask({ kind: 'matches', password, hash })) === true;
  }

  #ask(job: BcryptJob): Promise<string | boolean> {
    if (this.#waiting.size >= jobsMax) return Promise.reject(new BcryptBusyError());
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const id = ++this.#lastId;
    worker.ref();
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.postMessage({ id, job });
    });
  }

  #start(): Worker {
    const worker = new Worker(new URL('./bcrypt-worker.js', import.meta.url), { execArgv: [] });
    worker.on('message', ({ id, answer }: BcryptAnswer) => {
      const waiter = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) worker.unref();
      waiter?.resolve(answer);
    });
    worker.on('error', (error) => this.#onFailed(error));
    return worker;
  }

  /** The next password starts another thread. */
  #onFailed(error: Error): void {
    this.#worker = null;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }
}
