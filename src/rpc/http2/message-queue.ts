import { assert } from '../../base/assert.js';
import type { RequestTaker } from '../service.js';

/** What a queue does with its messages. */
export interface MessageQueueOptions<T, M> {
  /** Decodes a message, once the reader takes it; what it throws, the reader gets. */
  decode(message: M): T | Promise<T>;
  /** The reader has taken all there is. */
  onEmpty(): void;
}

/**
 * Received messages, until their one reader takes them. What bounds the queue is the flow control behind it, so messages are kept
 * as they came (M) until then.
 */
export class MessageQueue<T, M = Uint8Array> implements AsyncIterable<T>, AsyncIterator<T> {
  readonly #options: MessageQueueOptions<T, M>;
  #messages: M[] = [];
  /** Index of the next message; those before were taken. */
  #next = 0;
  /** No message will be added. */
  #isEnded = false;
  /** What the reader gets at the end; null for an orderly one. */
  #error: Error | null = null;
  /** The reader, when it waits for a message. Invariant: set only while the queue is empty and not ended. */
  #waiter: RequestTaker<T> | null = null;

  constructor(options: MessageQueueOptions<T, M>) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#next === this.#messages.length;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  push(message: M): void {
    if (this.#isEnded) return;
    const waiter = this.#waiter;
    if (waiter === null) {
      this.#messages.push(message);
      return;
    }
    this.#waiter = null;
    this.#decodeFor(message, waiter);
  }

  /** No more messages come; after those that are there, the reader gets the error, or the end. */
  end(error: Error | null): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#error = error;
    const waiter = this.#waiter;
    this.#waiter = null;
    if (waiter === null) return;
    if (error === null) waiter.onEnd();
    else waiter.onError(error);
  }

  /** Drops what is there; the reader gets the error next. */
  abort(error: Error): void {
    this.#messages = [];
    this.#next = 0;
    this.end(error);
    this.#error = error;
  }

  /** Nobody reads any more: drops what is there and what comes. */
  discard(): void {
    this.#messages = [];
    this.#next = 0;
    this.end(null);
    this.#options.onEmpty();
  }

  [Symbol.asyncIterator](): AsyncIterator<T> {
    return this;
  }

  next(): Promise<IteratorResult<T>> {
    return this.isEmpty ? this.#nextLater() : this.#nextNow();
  }

  /** The message that is there. Most reads of a busy stream find one. */
  #nextNow(): Promise<IteratorResult<T>> {
    assert(this.#waiter === null, 'a stream has one reader');
    try {
      const value = this.#options.decode(this.#shift());
      if (value instanceof Promise) return value.then((value) => ({ done: false, value }));
      return Promise.resolve({ done: false, value });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #nextLater(): Promise<IteratorResult<T>> {
    return new Promise((resolve, reject) => {
      this.take({
        onRequest: (value) => resolve({ done: false, value }),
        onEnd: () => resolve({ done: true, value: undefined }),
        onError: reject,
      });
    });
  }

  /** The same without a promise: one call of the taker, maybe before this returns. */
  take(taker: RequestTaker<T>): void {
    assert(this.#waiter === null, 'a stream has one reader');
    if (!this.isEmpty) this.#decodeFor(this.#shift(), taker);
    else if (!this.#isEnded) this.#waiter = taker;
    else if (this.#error === null) taker.onEnd();
    else taker.onError(this.#error);
  }

  /** The reader leaves its loop. */
  return(): Promise<IteratorResult<T>> {
    this.discard();
    return Promise.resolve({ done: true, value: undefined });
  }

  #shift(): M {
    const message = this.#messages[this.#next] as M;
    this.#next++;
    if (this.isEmpty) {
      this.#messages = [];
      this.#next = 0;
      this.#options.onEmpty();
    }
    return message;
  }

  #decodeFor(message: M, taker: RequestTaker<T>): void {
    let value: T | Promise<T>;
    try {
      value = this.#options.decode(message);
    } catch (error) {
      taker.onError(error);
      return;
    }
    if (value instanceof Promise) {
      value.then(
        (value) => taker.onRequest(value),
        (error) => taker.onError(error),
      );
    } else taker.onRequest(value);
  }
}
