import { type Clock, sleep } from '../../base/clock.js';
import { isLeadershipLost } from '../machinery/fence.js';
import { StatusError } from '../machinery/status.js';
import type { TokenBucket } from './token-bucket.js';
import type { ApiCall, CallControl, Transport, WatchCall, WatchEvent } from './transport.js';

/** So often a request is made again when the server asks for it, as client-go does. */
const retriesMax = 10;

/**
 * Makes requests again that the server asks to repeat later (a 429 or 5xx that says when), after the pause that it names; and holds
 * them back to a rate, when there is one.
 */
export class RetryingTransport implements Transport {
  readonly #inner: Transport;
  readonly #clock: Clock;
  readonly #rate: TokenBucket | null;
  readonly #onFenced: () => void;

  /** `onFenced` is called for each write that is refused because its maker leads no more. */
  constructor(
    inner: Transport,
    clock: Clock,
    rate: TokenBucket | null,
    onFenced: () => void = () => {},
  ) {
    this.#inner = inner;
    this.#clock = clock;
    this.#rate = rate;
    this.#onFenced = onFenced;
  }

  call(call: ApiCall, control: CallControl = {}): Promise<Uint8Array> {
    return this.#retrying(() => this.#inner.call(call, control), control);
  }

  document(path: string, accept: string, control: CallControl = {}): Promise<Uint8Array> {
    return this.#retrying(() => this.#inner.document(path, accept, control), control);
  }

  /** A watch that ends is its reader's to go on with: it knows from where. */
  async *watch(call: WatchCall, control: CallControl = {}): AsyncGenerator<WatchEvent> {
    await this.#rate?.take(control.signal);
    yield* this.#inner.watch(call, control);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  async #retrying<T>(ask: () => Promise<T>, { signal }: CallControl): Promise<T> {
    for (let tries = 0; ; tries++) {
      await this.#rate?.take(signal);
      try {
        return await ask();
      } catch (error) {
        if (isLeadershipLost(error)) this.#onFenced();
        const seconds = pauseAfter(error);
        if (seconds === null || tries === retriesMax) throw error;
        await sleep(this.#clock, seconds * 1000, signal);
      }
    }
  }
}

/** The seconds until the server wants to be asked again; null when it does not. */
function pauseAfter(error: unknown): number | null {
  if (!(error instanceof StatusError)) return null;
  if (error.code !== 429 && error.code < 500) return null;
  const seconds = error.status.details?.retryAfterSeconds ?? 0;
  return seconds > 0 ? seconds : null;
}
